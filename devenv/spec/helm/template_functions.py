"""The functions of Go templates, and of Sprig's those that make a text of texts. Pure.

Sources: https://pkg.go.dev/text/template#hdr-Functions, https://masterminds.github.io/sprig/.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

_VERB = re.compile(r"%(?:[-+ #0]*\d*(?:\.\d+)?)([vsdqt%])")


def is_true(value: Any) -> bool:
    """As Go has it: anything but zero, false, nothing and what is empty."""
    return bool(value)


def shown(value: Any) -> str:
    """A value as a template prints it."""
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{' '.join(shown(item) for item in value)}]"
    return str(value)


def _printf(form: str, *values: Any) -> str:
    left = list(values)

    def verb(found: re.Match[str]) -> str:
        if found[1] == "%":
            return "%"
        if not left:
            raise ValueError(f"nothing is given for {found[0]}")
        value = left.pop(0)
        return f'"{shown(value)}"' if found[1] == "q" else shown(value)

    made = _VERB.sub(verb, form)
    if left:
        raise ValueError(f"{len(left)} more given than {form!r} names")
    return made


def _truncated(length: int, text: str) -> str:
    return text[:length] if length >= 0 else text[length:]


def _without(text: str, *, start: str = "", end: str = "") -> str:
    return text.removeprefix(start) if start else text.removesuffix(end)


def _every(*values: Any) -> Any:
    return next((value for value in values if not is_true(value)), values[-1])


def _any(*values: Any) -> Any:
    return next((value for value in values if is_true(value)), values[-1])


def _equal(first: Any, *others: Any) -> bool:
    return any(first == other for other in others)


def _default(fallback: Any, value: Any = None) -> Any:
    return value if is_true(value) else fallback


def _required(message: str, value: Any = None) -> Any:
    if not is_true(value):
        raise ValueError(message)
    return value


def _item(items: Any, *keys: Any) -> Any:
    for key in keys:
        items = items[key]
    return items


def _regex_replaced(pattern: str, text: str, new: str) -> str:
    return re.sub(pattern, re.sub(r"\$\{?(\d+)\}?", r"\\\1", new), text)


FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "and": _every,
        "or": _any,
        "not": lambda value: not is_true(value),
        "eq": _equal,
        "ne": lambda first, other: first != other,
        "lt": lambda first, other: first < other,
        "le": lambda first, other: first <= other,
        "gt": lambda first, other: first > other,
        "ge": lambda first, other: first >= other,
        "len": len,
        "index": _item,
        "print": lambda *values: "".join(shown(value) for value in values),
        "printf": _printf,
        "default": _default,
        "coalesce": lambda *values: next((value for value in values if is_true(value)), None),
        "empty": lambda value: not is_true(value),
        "ternary": lambda yes, no, test: yes if test else no,
        "required": _required,
        "fail": _required,
        "lower": lambda text: str(text).lower(),
        "upper": lambda text: str(text).upper(),
        "title": lambda text: str(text).title(),
        "trim": lambda text: str(text).strip(),
        "trimAll": lambda cut, text: str(text).strip(cut),
        "trimPrefix": lambda start, text: _without(text, start=start),
        "trimSuffix": lambda end, text: _without(text, end=end),
        "trunc": _truncated,
        "substr": lambda start, end, text: text[start:end] if end >= 0 else text[start:],
        "replace": lambda old, new, text: text.replace(old, new),
        "contains": lambda part, text: part in text,
        "hasPrefix": lambda start, text: text.startswith(start),
        "hasSuffix": lambda end, text: text.endswith(end),
        "quote": lambda *values: " ".join(f'"{shown(value)}"' for value in values),
        "squote": lambda *values: " ".join(f"'{shown(value)}'" for value in values),
        "cat": lambda *values: " ".join(shown(value) for value in values),
        "repeat": lambda times, text: text * times,
        "splitList": lambda by, text: text.split(by),
        "join": lambda by, items: by.join(shown(item) for item in items),
        "first": lambda items: items[0],
        "last": lambda items: items[-1],
        "list": lambda *values: list(values),
        "toString": shown,
        "int": int,
        "add": lambda *values: sum(int(value) for value in values),
        "sub": lambda first, other: int(first) - int(other),
        "b64enc": lambda text: base64.b64encode(text.encode()).decode(),
        "b64dec": lambda text: base64.b64decode(text).decode(),
        "sha256sum": lambda text: hashlib.sha256(text.encode()).hexdigest(),
        "regexReplaceAll": _regex_replaced,
        "regexMatch": lambda pattern, text: re.search(pattern, text) is not None,
        "kebabcase": lambda text: re.sub(r"[\s_]+|(?<=[a-z0-9])(?=[A-Z])", "-", text).lower(),
        "snakecase": lambda text: re.sub(r"[\s-]+|(?<=[a-z0-9])(?=[A-Z])", "_", text).lower(),
    }
)
