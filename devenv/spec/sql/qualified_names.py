"""Where SQL names the database that it runs in: `USE alt`, `alt.users`, `DROP DATABASE alt`. Pure.

Migrations and seeds run on a copy of the database first, which has another name: a statement that names the database
would reach the live data from there. What is looked for is what people and dumps write. Names that a statement puts
together when it runs are not seen here; MySQL's server refuses those.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Dialect = Literal["mysql", "clickhouse"]

_WORDS = r"`[^`]*(?:``[^`]*)*`|[\w$\x80-\U0010ffff]+"
_MYSQL = re.compile(
    rf"""
    (?P<blank>\s+|/\*(?!!|M!).*?(?:\*/|\Z)|/\*M?!\d*|\*/|\#[^\n]*|--(?=\s|\Z)[^\n]*)
    | (?P<text>'[^'\\]*(?:(?:''|\\.)[^'\\]*)*') | (?P<word>"[^"\\]*(?:(?:""|\\.)[^"\\]*)*"|{_WORDS}) | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
"""Double quotes hold a text, or a name in the mode ANSI_QUOTES: a text is never followed by a dot."""
_CLICKHOUSE = re.compile(
    rf"""
    (?P<blank>\s+|/\*.*?(?:\*/|\Z)|\#[!\s][^\n]*|--[^\n]*)
    | (?P<text>'[^'\\]*(?:(?:''|\\.)[^'\\]*)*') | (?P<word>"[^"\\]*(?:(?:""|\\.)[^"\\]*)*"|{_WORDS}) | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_INERT = re.compile(
    r"""'[^'\\]*(?:(?:''|\\.)[^'\\]*)*' | /\*(?!!|M!).*?(?:\*/|\Z) | \#[^\n]* | --(?=\s|\Z)[^\n]*""",
    re.VERBOSE | re.DOTALL,
)
"""What names nothing in MySQL, whatever is in it."""
_DOT = re.compile(r"[`\"]?(?:\s|/\*.*?\*/)*\.", re.DOTALL)
_SCHEMA = re.compile(r"(?:database|schema)\s+(?:if\s+(?:not\s+)?exists\s+)?[`\"]?\Z")
_SCHEMAS = {"DATABASE", "SCHEMA"}
_USE = re.compile(r"\buse\b", re.IGNORECASE)
_BEFORE_USE = re.compile(r"(?:\A|[\n;/$|\\@^~%&!]|/\*m?!\d*)[ \t]*\Z")
"""What a statement follows: a line's end, a delimiter, the beginning of a comment that is code to MySQL."""
_DELIMITER = re.compile(r"[$/|\\@^~%&!]*")
_BEFORE_TABLES = re.compile(
    "CALL|DELAYED|DELETE|DESC|DESCRIBE|DICTIONARY|EVENT|EXISTS|FROM|FUNCTION|HANDLER|IGNORE|INSERT|INTO|JOIN"
    "|LOW_PRIORITY|PROCEDURE|QUICK|REFERENCES|REPLACE|SEQUENCE|STRAIGHT_JOIN|TABLES?|TO|TRIGGER|TRUNCATE|UPDATE|USING"
    "|VIEW"
)
"""After these words stands a table or a program, never a column."""
_ON_TABLES = {"TRIGGER", "INDEX", "GRANT", "REVOKE"}
"""In statements with one of these words a table follows the first ON; else it is the condition of a join."""
_CLAUSES = re.compile("BY|DELETE|FROM|HAVING|INTO|JOIN|ON|SELECT|SET|TABLES?|TO|UPDATE|USING|VALUES|VIEW|WHERE")
_LISTING_TABLES = re.compile("DELETE|FROM|JOIN|ON|TABLES?|TO|UPDATE|USING|VIEW")
"""Of those, the ones in which commas part tables; no condition after ON has a comma."""
_TAKING_NAMES = re.compile("BUFFER|CLUSTER|DB|DICT|DISTRIBUTED|JOINGET|MERGE|REMOTE")
"""Functions and engines of ClickHouse that begin so are told a database as a text, or as an argument."""


@dataclass(frozen=True, slots=True)
class QualifiedName:
    """One place where the database is named."""

    line: int
    text: str
    """As it is written, shortened."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    place: int
    text: str

    @property
    def name(self) -> str:
        """As a name, without its quotes."""
        return self.text[1:-1] if self.text[0] in "`\"'" else self.text

    @property
    def keyword(self) -> str:
        return self.text.upper() if self.kind == "word" else self.text


def qualified_names(sql: str, database: str, dialect: Dialect) -> Iterator[QualifiedName]:
    """Each place of a script that names the database, in their order."""
    if not _is_suspect(sql, database, dialect):
        return
    for statement in _statements(sql, _MYSQL if dialect == "mysql" else _CLICKHOUSE):
        for place, length in _places(statement, database, dialect):
            first, last = statement[place], statement[min(place + length, len(statement)) - 1]
            text = " ".join(sql[first.place : last.place + len(last.text)].split())
            yield QualifiedName(sql.count("\n", 0, first.place) + 1, text)


def _is_suspect(sql: str, database: str, dialect: Dialect) -> bool:
    """Whether it is worth to take a script apart, which takes seconds where it has megabytes of rows."""
    text, own = sql.lower(), database.lower()
    around = _AROUND[dialect]
    found = [at.start() for at in re.finditer(re.escape(own), text) if around(text, at.start(), at.end())]
    found += [at.start() for at in _USE.finditer(text) if _BEFORE_USE.search(text, max(at.start() - 40, 0), at.start())]
    if not found or dialect == "clickhouse":
        return bool(found)
    starts, ends = zip((0, 0), *(match.span() for match in _INERT.finditer(sql)), strict=True)
    return any(place >= ends[bisect_right(starts, place) - 1] for place in found)


def _named_in_mysql(text: str, start: int, end: int) -> bool:
    return bool(_DOT.match(text, end) or _SCHEMA.search(text[max(start - 60, 0) : start]))


def _named_in_clickhouse(text: str, start: int, end: int) -> bool:
    return _last_before(text, start) in {"'", "(", ","} or _named_in_mysql(text, start, end)


def _last_before(text: str, place: int) -> str:
    return text[max(place - 40, 0) : place].rstrip(" \t")[-1:]


_AROUND = {"mysql": _named_in_mysql, "clickhouse": _named_in_clickhouse}


def _statements(sql: str, form: re.Pattern[str]) -> Iterator[list[_Token]]:
    found: list[_Token] = []
    for match in form.finditer(sql):
        kind = match.lastgroup or "mark"
        if kind == "mark" and match[0] == ";":
            yield found
            found = []
        elif kind != "blank":
            found.append(_Token(kind, match.start(), match[0]))
    yield found


def _places(tokens: list[_Token], database: str, dialect: Dialect) -> Iterator[tuple[int, int]]:
    """Index and number of the tokens that name the database."""
    own = database.casefold()
    named = [i for i, t in enumerate(tokens) if t.kind == "word" and t.name.casefold() == own]
    alias = any(
        _at(tokens, i + 1) != "." and _before(tokens, i) not in {".", "USE", "DATABASE", "SCHEMA"} for i in named
    )
    for i, token in enumerate(tokens):
        if token.keyword == "USE" and _is_use(tokens, i):
            yield i, 2
    for i in named:
        before = _before(tokens, i)
        if before in _SCHEMAS:
            yield i, 1
        elif _at(tokens, i + 1) == "." and before != ".":
            three = _at(tokens, i + 3) in {".", "("}
            if three or not alias or _is_of_tables(tokens, i):
                yield i, 3
    if dialect == "clickhouse":
        yield from _arguments(tokens, own)


def _is_use(tokens: list[_Token], i: int) -> bool:
    """A statement of its own, which a DELIMITER may end: `USE INDEX` is none."""
    following = _at(tokens, i + 1)
    return bool(_DELIMITER.fullmatch(_before(tokens, i))) and following not in {"", "INDEX", "KEY", "("}


def _is_of_tables(tokens: list[_Token], i: int) -> bool:
    """Whether a name stands where tables do, so that what is before its dot is a database and no table's alias."""
    before = _before(tokens, i)
    if before == "ON":
        earlier = [token.keyword for token in tokens[: i - 1]]
        return "ON" not in earlier and not _ON_TABLES.isdisjoint(earlier)
    if before in {",", "("}:
        return _is_listed(tokens, i - 1)
    return bool(_BEFORE_TABLES.fullmatch(before)) and not _sets_columns(tokens, i - 1)


def _is_listed(tokens: list[_Token], i: int) -> bool:
    """Whether the comma or parenthesis at a place is of a list of tables: `FROM a JOIN b ON a.x = b.x, (c, d)`."""
    inner = 0
    while i >= 0:
        word = tokens[i].keyword
        if word == ")":
            inner += 1
        elif word == "(" and inner:
            inner -= 1
        elif word == "(":
            before = _before(tokens, i)
            return before in {"FROM", "JOIN", "UPDATE"} or (before in {",", "("} and _is_listed(tokens, i - 1))
        elif not inner and _CLAUSES.fullmatch(word):
            return bool(_LISTING_TABLES.fullmatch(word)) and not _sets_columns(tokens, i)
        i -= 1
    return False


def _sets_columns(tokens: list[_Token], i: int) -> bool:
    """Whether the word at a place is the last of `ON DUPLICATE KEY UPDATE`."""
    return tokens[i].keyword == "UPDATE" and _before(tokens, i) == "KEY"


def _arguments(tokens: list[_Token], own: str) -> Iterator[tuple[int, int]]:
    """`remote('here', 'alt', 'events')`, `dictGet('alt.names', …)`, `Buffer(alt, events, …)`."""
    opened: list[str] = []
    for i, token in enumerate(tokens):
        if token.text == "(":
            opened.append(_before(tokens, i))
        elif token.text == ")":
            opened = opened[:-1]
        elif token.kind != "mark" and (token.name.casefold() + ".").startswith(f"{own}."):
            around = opened[-1] if opened else ""
            taking = _TAKING_NAMES.match(around) or _before(tokens, i) == "DB"
            if taking and _at(tokens, i + 1) != ".":
                yield i, 1


def _before(tokens: list[_Token], i: int) -> str:
    """The keyword before a token, over `IF EXISTS` and `IF NOT EXISTS`; empty at the beginning."""
    i -= 1
    if i >= 1 and tokens[i].keyword == "EXISTS":
        j = i - (2 if tokens[i - 1].keyword == "NOT" else 1)
        i = j - 1 if j >= 0 and tokens[j].keyword == "IF" else i
    return tokens[i].keyword if i >= 0 else ""


def _at(tokens: list[_Token], i: int) -> str:
    return tokens[i].keyword if i < len(tokens) else ""
