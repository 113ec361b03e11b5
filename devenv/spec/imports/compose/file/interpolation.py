"""Variables in the texts of a Compose file: `$NAME`, `${NAME}`, `${NAME:-default}` and its other forms. Pure.

The grammar is that of https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md. It is written here
because Python's `string.Template` knows no defaults.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATORS = (":-", ":?", ":+", "-", "?", "+")

Lookup = Callable[[str], str | None]
"""The value of a variable; None where it is not set."""


class InterpolationError(ValueError):
    """A text that Compose would refuse; the message says why."""


def _ignore(_: str) -> None:
    """Whoever does not ask which variables are not set."""


def interpolate(text: str, lookup: Lookup, unset: Callable[[str], None] = _ignore) -> str:
    """The text with its variables replaced; `$$` is a dollar sign.

    Args:
        text: as it is written.
        lookup: is asked for each variable whose value counts. What it does not know is empty.
        unset: is told the variables that are not set, and have neither default nor alternative.

    Raises:
        InterpolationError: a brace is not closed, a name cannot be one, or a required variable has no value.
    """
    made: list[str] = []
    at = 0
    while (dollar := text.find("$", at)) >= 0:
        made.append(text[at:dollar])
        after = text[dollar + 1 : dollar + 2]
        if after == "$":
            made.append("$")
            at = dollar + 2
        elif after == "{":
            end = _closing(text, dollar + 2)
            made.append(_braced(text[dollar + 2 : end], lookup, unset))
            at = end + 1
        elif name := _NAME.match(text, dollar + 1):
            made.append(_plain(name[0], lookup, unset))
            at = name.end()
        else:
            raise InterpolationError(f"no variable's name follows $ in {_short(text)}")
    return "".join([*made, text[at:]])


def _closing(text: str, begin: int) -> int:
    """Where the brace is closed behind which `begin` is; braces of variables in it are passed over."""
    depth, at = 1, begin
    while at < len(text):
        if text.startswith("$$", at):  # an escaped dollar sign opens nothing
            at += 2
            continue
        if text.startswith("${", at):
            depth += 1
            at += 2
            continue
        if text[at] == "}":
            depth -= 1
            if not depth:
                return at
        at += 1
    raise InterpolationError(f"the brace of ${{ is not closed in {_short(text)}")


def _plain(name: str, lookup: Lookup, unset: Callable[[str], None]) -> str:
    value = lookup(name)
    if value is None:
        unset(name)
    return value or ""


def _braced(inside: str, lookup: Lookup, unset: Callable[[str], None]) -> str:
    name = _NAME.match(inside)
    if name is None:
        raise InterpolationError(f"{_short(inside) or 'nothing'} is no variable's name")
    rest = inside[name.end() :]
    operator = next((each for each in _OPERATORS if rest.startswith(each)), "")
    if rest and not operator:
        raise InterpolationError(f"{_short(inside)} is no variable's name")
    word = rest[len(operator) :]
    value = lookup(name[0])
    counts = bool(value) if operator.startswith(":") else value is not None
    match operator[-1:]:
        case "-":
            return (value or "") if counts else interpolate(word, lookup, unset)
        case "+":
            return interpolate(word, lookup, unset) if counts else ""
        case "?":
            if not counts:
                said = interpolate(word, lookup, unset)
                raise InterpolationError(f"the variable {name[0]} has to be set{': ' if said else ''}{said}")
            return value or ""
        case _:
            return _plain(name[0], lookup, unset)


def _short(text: str, width: int = 40) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
