"""VictoriaLogs in ClickHouse's place: the same collector, the same questions, the same answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.log_collector import ContainerLog, LogCollector, log_collector
from support.victoria_logs_server import VictoriaLogsContainer, victoria_logs_server
from support.waiting import await_true

from devenv.adapters.docker import Engine
from devenv.logs.entries import LogQuery
from devenv.logs.lines import fields_of

pytestmark = pytest.mark.engine


@pytest.fixture
def server(engine: Engine, labels: dict[str, str]) -> Iterator[VictoriaLogsContainer]:
    with victoria_logs_server(engine, labels) as made:
        yield made


@pytest.fixture
def collector(engine: Engine, server: VictoriaLogsContainer, tmp_path: Path) -> Iterator[LogCollector]:
    with log_collector(engine, server, tmp_path) as made:
        yield made


@pytest.fixture
def query() -> LogQuery:
    return LogQuery(since=datetime.now(UTC) - timedelta(minutes=1), limit=100_000)


def await_lines(server: VictoriaLogsContainer, query: LogQuery, count: int) -> None:
    """Wait until so many lines are there, and see that each is there once."""
    await_true(lambda: len(server.find(query).entries) >= count, 60)
    messages = [entry.message for entry in server.find(query).entries]
    assert (len(messages), len(set(messages))) == (count, count)


def test_nothing_is_lost_or_doubled(collector: LogCollector, server: VictoriaLogsContainer, query: LogQuery) -> None:
    log = ContainerLog(collector.logs)
    log.write(f"first {i}" for i in range(3000))
    await_lines(server, query, 3000)

    server.stop()
    log.write(f"while the server is away {i}" for i in range(3000))
    log.rotate()
    log.write(f"after the rotation {i}" for i in range(3000))
    await_true(lambda: "kept on disk" in collector.said())
    collector.kill()
    collector.start()
    server.start()
    await_lines(server, query, 9000)

    await_true(lambda: not server.waits_in_memory())
    server.kill()
    log.write(["while it is started anew"])
    server.start()
    await_lines(server, query, 9001)


def test_lines_are_found_by_all_that_can_be_asked(
    collector: LogCollector, server: VictoriaLogsContainer, query: LogQuery
) -> None:
    log = ContainerLog(collector.logs)
    long = json.dumps({"level": "error", "text": 'a"' * 300_000})
    everything = ["", "INFO it's 100% \\ (done)", "ERROR Für alle", '{"level":"warn","none":"","n":{"x":1}}', long]
    log.write(everything)
    other = ContainerLog(collector.logs, "other_db-0_5678", "db")
    other.write(["of another one"], stream="stderr")
    await_true(lambda: len(server.find(query).entries) == 6, 60)

    def messages(**asked: Any) -> list[str]:
        return [entry.message for entry in server.find(replace(query, namespaces=frozenset({"shop"}), **asked)).entries]

    assert messages() == everything
    assert messages(search="IT'S 100% \\ (") == everything[1:2]
    assert messages(search="fÜR") == everything[2:3]
    assert messages(search=".*") == []
    assert messages(level="warning") == everything[2:]
    assert messages(pod="api-") == everything
    assert messages(pod="pi-") == messages(stacks=frozenset({"shop"})) == []
    assert messages(since=datetime.now(UTC) + timedelta(minutes=5)) == []
    found = server.find(replace(query, pod="api", limit=2))
    assert [entry.message for entry in found.entries] == everything[3:]
    assert not found.complete
    first = found.entries[0]
    assert (first.namespace, first.pod, first.container, first.node) == ("shop", "api-0", "api", "node-1")
    assert first.fields == fields_of(everything[3]) == {"level": "warn", "none": "", "n.x": "1"}
    assert first.timestamp in log.current.read_text()

    asked = {"search": "FÜR", "namespace": "shop", "pod": "api", "level": "error", "minutes": "5"}
    answer = httpx2.get(f"{collector.url}/api/logs", params=asked, trust_env=False)
    (row,) = answer.raise_for_status().json()
    assert (row["message"], row["level"], row["pod"]) == ("ERROR Für alle", "error", "api-0")
    assert f"{row['second']}.{row['milliseconds']:03}" in log.current.read_text()
    earlier = {"until": f"{datetime.now(UTC) - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"}
    assert httpx2.get(f"{collector.url}/api/logs", params=earlier, trust_env=False).json() == []
