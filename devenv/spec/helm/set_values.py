"""`--set key=text` as Helm reads it: lists by index, `{a,b}`, escapes, and which texts are numbers, booleans or null.

Written by hand: Helm has it in Go alone (`pkg/strvals/parser.go`), and no library for Python. Pure.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from devenv.spec.model import Values

_LARGEST_INDEX = 65536
"""Helm's `MaxIndex`."""
_INTEGER = re.compile(r"[-+]?[1-9][0-9]*")
_LARGEST = 2**63


class SetError(ValueError):
    """A key or text that Helm refuses."""


def with_set(values: Values, key: str, text: str) -> Values:
    """The values with what `--set key=text` puts there; they are not changed themselves.

    A list that is not in the values begins empty, whatever the chart has there: Helm does so too.

    Raises:
        SetError: Helm would refuse it.
    """
    made = deepcopy(values)
    reader = _Reader(f"{key}={text}")
    while not reader.at_end:
        _key(reader, made)
    return made


class _Reader:
    """Text that is read character by character, backslashes resolved."""

    def __init__(self, text: str) -> None:
        self._text, self._place = text, 0

    @property
    def at_end(self) -> bool:
        return self._place >= len(self._text)

    def next(self) -> str:
        """The next character; empty at the end."""
        if self.at_end:
            return ""
        self._place += 1
        return self._text[self._place - 1]

    def takes(self, character: str) -> bool:
        """Whether it is the next one, which then is read."""
        if self.at_end or self._text[self._place] != character:
            return False
        self._place += 1
        return True

    def until(self, stops: str) -> tuple[str, str]:
        """What is before the next of some characters, and that one; empty at the end."""
        found = ""
        while character := self.next():
            if character in stops:
                return found, character
            found += self.next() if character == "\\" else character
        return found, ""


def _key(reader: _Reader, into: Values) -> None:
    name, stop = reader.until("=[,.")
    match stop:
        case "[":
            index = _index(reader, name)
            there = into.get(name)
            into[name] = _item(reader, list(there) if isinstance(there, list) else [], index, name)
        case "=":
            into[name] = _value(reader)
        case ".":
            there = into.get(name)
            inner = there if isinstance(there, dict) else {}
            if there is not None and not isinstance(there, dict):
                raise SetError(f"{name} is no map: nothing can be set in it")
            _key(reader, inner)
            if not inner:
                raise SetError(f"{name} has no keys in it")
            into[name] = inner
        case _:
            if name or stop:
                raise SetError(f"{name or stop} has no value")


def _index(reader: _Reader, name: str) -> int:
    written, stop = reader.until("]")
    if not stop or not written.isdecimal() or int(written) > _LARGEST_INDEX:
        raise SetError(f"{name}[{written}] is no place in a list: {name}[0] is the first")
    return int(written)


def _item(reader: _Reader, items: list[Any], index: int, name: str) -> list[Any]:
    rest, stop = reader.until("[.=")
    if rest:
        raise SetError(f"{name}[{index}] is followed by {rest}, which is neither a key nor a value")
    there = items[index] if index < len(items) else None
    match stop:
        case "=":
            value = _value(reader)
        case "[":
            nested = f"{name}[{index}]"
            value = _item(reader, list(there) if isinstance(there, list) else [], _index(reader, nested), nested)
        case ".":
            value = there if isinstance(there, dict) else {}
            _key(reader, value)
        case _:
            raise SetError(f"{name}[{index}] has no value")
    items.extend([None] * (index + 1 - len(items)))
    items[index] = value
    return items


def _value(reader: _Reader) -> Any:
    if not reader.takes("{"):
        return _typed(reader.until(",")[0])
    items: list[Any] = []
    while True:
        text, stop = reader.until(",}")
        if not stop:
            raise SetError("a list ends with }")
        items.append(_typed(text))  # also of {}, which is a list of one empty text
        if stop == "}":
            reader.takes(",")
            return items


def _typed(text: str) -> Any:
    """Source: `typedVal` of Helm's parser. What begins with a zero stays text, and so do fractions."""
    known = {"true": True, "false": False, "null": None}
    if text.lower() in known:
        return known[text.lower()]
    if text == "0":
        return 0
    if _INTEGER.fullmatch(text) and -_LARGEST <= int(text) < _LARGEST:
        return int(text)
    return text
