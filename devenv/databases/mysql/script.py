"""SQL files cut into statements, as the `mysql` client does it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DELIMITER = re.compile(r"[ \t]*DELIMITER[ \t]+(?P<mark>\S+)[^\n]*(?:\n|\Z)", re.IGNORECASE)
_INERT = re.compile(
    r"""
    '(?:[^'\\]|''|\\.)*' | "(?:[^"\\]|""|\\.)*" | `(?:[^`]|``)*`   # literals and names
    | /\*.*?\*/ | \#[^\n]* | --(?=\s|\Z)[^\n]*                     # comments
    """,
    re.VERBOSE | re.DOTALL,
)
"""What may hold a delimiter that ends nothing."""
_LEADING = re.compile(r"(?:\s+|/\*(?!!|M!).*?\*/|\#[^\n]*|--(?=\s|\Z)[^\n]*)+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a file."""

    text: str
    """Without its delimiter."""
    line: int
    """Where it begins, counted from 1; comments before it are left out."""


def statements(text: str) -> Iterator[Statement]:
    """The statements of a file; `DELIMITER` lines are obeyed."""
    delimiter, begin, place = ";", 0, 0
    while place < len(text):
        at_line_start = place == 0 or text[place - 1] == "\n"
        if at_line_start and not _bare(text[begin:place]) and (match := _DELIMITER.match(text, place)):
            delimiter, begin, place = match["mark"], match.end(), match.end()
        elif text.startswith(delimiter, place):
            yield from _statement(text, begin, place)
            begin = place = place + len(delimiter)
        elif inert := _INERT.match(text, place):
            place = inert.end()
        else:
            place += 1
    yield from _statement(text, begin, len(text))


def _statement(text: str, begin: int, end: int) -> Iterator[Statement]:
    leading = _LEADING.match(text, begin, end)
    start = leading.end() if leading else begin
    if body := text[start:end].strip():
        yield Statement(body, text.count("\n", 0, start) + 1)


def _bare(text: str) -> str:
    """A text without what comes before a statement."""
    leading = _LEADING.match(text)
    return text[leading.end() :] if leading else text
