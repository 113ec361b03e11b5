"""Where statements of SQL begin, and with which words, as far as it takes to see what one is about. Pure.

Literals, names, comments and rows of COPY are passed over. What a statement does, the server decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COMMENTS = {
    "postgres": r"--[^\n]*",
    "mysql": r"\#[^\n]*|--(?=\s|\Z)[^\n]*",
    "clickhouse": r"--[^\n]*|//[^\n]*|\#[ !][^\n]*",
}
_QUOTED = {
    "postgres": r"""[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?P<tag>[^\W\d]\w*|)\$.*?\$(?P=tag)\$""",
    "mysql": r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`""",
    "clickhouse": r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$""",
}
_BLOCK = r"/\*(?:[^*]|\*(?!/))*\*/"
COPY = re.compile(r"\Acopy\s.*\sfrom\s+stdin\b", re.IGNORECASE | re.DOTALL)
"""A statement that rows follow."""
_END_OF_ROWS = re.compile(r"^\\\.\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, or one command of psql."""

    text: str
    line: int
    """Where it begins, 1-based."""


def statements(text: str, engine: str) -> Iterator[Statement]:
    """The statements of a script of one of the engines, in their order."""
    token = re.compile(
        rf"(?P<blank>\s+|{_COMMENTS[engine]}|{_BLOCK})|(?P<command>\\[^\n]*)|{_QUOTED[engine]}|[\w$]+|(?P<end>;)|.",
        re.DOTALL,
    )
    begin: int | None = None
    place = 0
    while match := token.match(text, place):
        place = match.end()
        if match["end"]:
            if begin is not None:
                found = Statement(text[begin : match.start()], text.count("\n", 0, begin) + 1)
                yield found
                if engine == "postgres" and COPY.match(found.text):
                    place = _after_rows(text, place)
            begin = None
        elif match["command"] and begin is None and engine == "postgres":
            yield Statement(match["command"].rstrip(), text.count("\n", 0, match.start()) + 1)
        elif match["blank"] is None and begin is None:
            begin = match.start()
    if begin is not None:
        yield Statement(text[begin:], text.count("\n", 0, begin) + 1)


def _after_rows(text: str, place: int) -> int:
    end = _END_OF_ROWS.search(text, place)
    return end.end() if end else len(text)
