"""What VictoriaLogs is asked, and how its answers are read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from devenv.logs.entries import LogQuery
from devenv.logs.victoria_logs import found_in, question

ALL = LogQuery(since=datetime(2026, 11, 29, 10, 0, 0, 5, tzinfo=UTC))


def filters(query: LogQuery) -> str:
    return question(query).partition(" | fields ")[0]


def test_what_is_asked_for_is_quoted_and_what_is_not_leaves_nothing_out() -> None:
    assert filters(ALL) == "_time:>=2026-11-29T10:00:00.000005Z"
    query = replace(
        ALL,
        stacks=frozenset({"b", 'a"'}),
        namespaces=frozenset({"shop"}),
        pod="api-",
        level="error",
        search='100% (a.b) | "Größe\\"',
    )
    assert filters(query).split(" ", 1)[1] == (
        r"""stack:in("a\"","b") namespace:in("shop") level:in("error","fatal") pod:="api-"* """
        r'''_msg:~"(?i)100%\\ \\(a\\.b\\)\\ \\|\\ \"Größe\\\\\""'''
    )


def line(second: int, offset: int, message: str = "", **more: str) -> str:
    stamp = f"2026-11-29T10:00:0{second}.5Z"
    return json.dumps(
        {"_time": stamp, "pod_uid": "1", "offset": str(offset), **({"_msg": message} if message else {}), **more}
    )


def test_lines_come_in_order_and_once() -> None:
    newer, older = line(2, 9, '{"level": "error", "empty": ""}', level="error", pod="api-0"), line(1, 8, "one\u2028")
    found = found_in("\n".join([newer, older, newer, line(1, 3), ""]), 10)
    assert [entry.message for entry in found.entries] == ["", "one\u2028", '{"level": "error", "empty": ""}']
    last = found.entries[-1]
    assert (last.timestamp, last.level, last.pod) == ("2026-11-29T10:00:02.500000000Z", "error", "api-0")
    assert last.fields == {"level": "error", "empty": ""}
    assert found.complete


def test_it_is_told_where_there_are_more() -> None:
    found = found_in("\n".join([line(3, 1, "c"), line(2, 1, "b"), line(1, 1, "a")]), 2)
    assert [entry.message for entry in found.entries] == ["b", "c"]
    assert not found.complete
    assert found_in("", 2).complete
