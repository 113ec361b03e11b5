"""SQL as ClickHouse reads it, as far as it takes to tell statements apart: literals, comments, semicolons.

Responsible for finding where things are, in bytes, by the rules of the server's src/Parsers/Lexer.cpp. It understands
no statement: the server does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    rb"(?P<blank>\s+|--[^\n]*|//[^\n]*|\#[ !][^\n]*)"
    rb"|(?P<comment>/\*)"
    rb"|(?P<literal>'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.|``)*`|\"(?:[^\"\\]|\\.|\"\")*\")"
    rb"|(?P<heredoc>\$(?P<tag>[^$]*)\$.*?\$(?P=tag)\$)"
    rb"|(?P<word>[\w\x80-\xff][\w$\x80-\xff]*)"
    rb"|(?P<mark>.)",
    re.DOTALL,
)
_COMMENT_EDGE = re.compile(rb"/\*|\*/")


@dataclass(frozen=True)
class Token:
    """A piece of a script that is neither blank nor comment."""

    kind: str
    """`word`, `literal`, `heredoc` or `mark`."""
    start: int
    end: int
    text: bytes

    @property
    def keyword(self) -> str:
        """A word in capitals; empty for anything else."""
        return self.text.decode("ascii", "replace").upper() if self.kind == "word" else ""


@dataclass(frozen=True)
class Statement:
    """One statement of a script, without its semicolon."""

    text: str
    line: int
    """1-based line on which it begins."""

    @property
    def sets(self) -> bool:
        """Whether it changes a setting of its session and nothing else."""
        return self.text[:4].upper().split() == ["SET"]


def tokens(sql: bytes, position: int = 0) -> Iterator[Token]:
    """The tokens of a script, from a position on. A literal that is not closed comes as single marks."""
    while match := _TOKEN.match(sql, position):
        kind = match.lastgroup or "mark"
        if match["comment"]:
            position = _end_of_comment(sql, match.end())
            continue
        position = match.end()
        if match["blank"] is None:
            yield Token("heredoc" if kind == "tag" else kind, match.start(), position, match[0])


def statements(script: str) -> list[Statement]:
    """The statements of a script; blank ones are left out."""
    sql = script.encode()
    found: list[Statement] = []
    start: int | None = None
    end = 0
    for token in tokens(sql):
        if token.text == b";":
            if start is not None:
                found.append(_statement(sql, start, end))
            start = None
            continue
        start = token.start if start is None else start
        end = token.end
    if start is not None:
        found.append(_statement(sql, start, end))
    return found


def _statement(sql: bytes, start: int, end: int) -> Statement:
    return Statement(sql[start:end].decode(), sql.count(b"\n", 0, start) + 1)


def _end_of_comment(sql: bytes, position: int) -> int:
    """Comments nest."""
    depth = 1
    while depth and (edge := _COMMENT_EDGE.search(sql, position)):
        depth += 1 if edge[0] == b"/*" else -1
        position = edge.end()
    return len(sql) if depth else position
