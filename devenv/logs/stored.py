"""Logs in ClickHouse, where the stack `logs` puts them.

Responsible for the question in SQL; the table is stacks/03-observability/logs/images/log-collector/schema.sql.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import Any

from devenv.databases.address import Address
from devenv.databases.clickhouse.server import Server, literal
from devenv.logs.entries import FoundLogs, LogEntry, LogQuery, newest

_COLUMNS = "namespace, pod, container, node, stack, level, message, fields"


def read_stored(address: Address, query: LogQuery) -> FoundLogs:
    """The lines that ClickHouse has; raises StatementError (as when there is no table) and DatabaseError."""
    with closing(Server(address)) as server:
        rows = server.rows(question(query))
    return newest([_entry(row) for row in rows], query.limit)


def question(query: LogQuery) -> str:
    """The newest lines, and one more than is asked for where there are more."""
    conditions = [
        f"timestamp >= {_time(query.since)}",
        *(_one_of(column, values) for column, values in _choices(query) if values),
    ]
    if query.pod:
        conditions.append(f"startsWith(pod, {literal(query.pod)})")
    if query.search:
        conditions.append(f"positionCaseInsensitiveUTF8(message, {literal(query.search)}) > 0")
    # FINAL: what was sent twice counts once.
    return (
        f"SELECT formatDateTime(timestamp, '%FT%T') AS second, toUnixTimestamp64Nano(timestamp) % 1000000000 AS rest, "  # noqa: S608 -- all values are quoted
        f"{_COLUMNS} FROM logs.lines FINAL WHERE {' AND '.join(conditions)} "
        f"ORDER BY timestamp DESC, offset DESC LIMIT {query.limit + 1}"
    )


def _choices(query: LogQuery) -> tuple[tuple[str, frozenset[str]], ...]:
    return ("stack", query.stacks), ("namespace", query.namespaces), ("level", frozenset(query.levels))


def _one_of(column: str, values: frozenset[str]) -> str:
    return f"{column} IN ({', '.join(map(literal, sorted(values)))})"


def _time(moment: datetime) -> str:
    return f"toDateTime64('{moment:%Y-%m-%d %H:%M:%S.%f}', 9, 'UTC')"


def _entry(row: dict[str, Any]) -> LogEntry:
    stamp = f"{row.pop('second')}.{row.pop('rest'):09d}Z"
    return LogEntry(timestamp=stamp, **row)
