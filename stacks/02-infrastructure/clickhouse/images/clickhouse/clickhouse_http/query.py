"""What has to be known of a query before it is run: whether data follows it, and in which format it answers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clickhouse_http.script import Token, tokens

_HEAD_BYTES = 1 << 20
"""The part of a request in which the end of an INSERT's own words is looked for."""
_TAIL_BYTES = 4096
_LAST_CLAUSES = re.compile(rb"\bFORMAT\s+(?P<format>\w+)\s*(?:SETTINGS\b[^']*)?;?\s*\Z", re.IGNORECASE)
_STREAMED_BYTES = 1 << 18
"""Longer queries are answered as a whole: looking through their words would take longer than it saves."""
_NO_DATA = {"SELECT", "WITH", "VALUES", "INFILE", "WATCH"}
"""Where one of these comes first, there is no FORMAT with data behind it."""
_READS = {"SELECT", "WITH"}
_ROWS_ONLY = {
    "TabSeparated", "TabSeparatedRaw", "TSV", "TSVRaw", "CSV", "JSONEachRow", "JSONCompactEachRow", "JSONStringsEachRow",
    "JSONLines", "NDJSON", "RowBinary", "Native", "Values", "LineAsString",
}  # fmt: skip
"""Formats without head and tail: answers in them can be sent in pieces."""
CONTENT_TYPES = {
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "RowBinary": "application/octet-stream",
    "Native": "application/octet-stream",
    "Parquet": "application/octet-stream",
    "Arrow": "application/octet-stream",
}


@dataclass(frozen=True)
class Insertion:
    """An INSERT behind which data comes."""

    statement: bytes
    """Without its FORMAT clause."""
    format: str
    data_at: int
    """Where the data begins."""


def insertion(sql: bytes) -> Insertion | None:
    """An INSERT with a FORMAT clause; None for all other statements."""
    depth = 0
    previous: Token | None = None
    for token in tokens(sql[:_HEAD_BYTES]):
        if previous is None and token.keyword != "INSERT":
            return None
        depth += {b"(": 1, b")": -1}.get(token.text, 0)
        if depth == 0 and previous is not None:
            if token.keyword in _NO_DATA:
                return None
            if previous.keyword == "FORMAT" and token.kind == "word":
                return Insertion(sql[: previous.start], token.text.decode(), _after_blank(sql, token.end))
        previous = token
    return None


def output_format(sql: bytes, default_format: str) -> str:
    """The format in which a query answers."""
    match = _LAST_CLAUSES.search(sql[-_TAIL_BYTES:])
    return match["format"].decode() if match else default_format


def can_be_streamed(sql: bytes, answer_format: str) -> bool:
    """Whether the answer's pieces, one after the other, are the answer."""
    if answer_format not in _ROWS_ONLY or len(sql) > _STREAMED_BYTES:
        return False
    words = [token for token in tokens(sql) if token.text != b"("]
    return bool(words) and words[0].keyword in _READS and all(token.keyword != "TOTALS" for token in words)


def _after_blank(sql: bytes, position: int) -> int:
    """Past one semicolon and the rest of the line: there the data begins."""
    while sql[position : position + 1] in (b" ", b"\t", b";"):
        position += 1
    if sql[position : position + 1] == b"\r":
        position += 1
    if sql[position : position + 1] == b"\n":
        position += 1
    return position
