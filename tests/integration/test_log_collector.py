"""The log collector's image on real log files and a real ClickHouse: every line once, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.clickhouse_server import ClickHouseContainer, clickhouse_server
from support.log_collector import ContainerLog, LogCollector, log_collector
from support.waiting import await_true

from devenv.adapters.docker import Engine
from devenv.databases.clickhouse.server import Server, StatementError
from devenv.databases.engines import open_database
from devenv.logs.entries import LogQuery
from devenv.logs.stored import read_stored

pytestmark = pytest.mark.engine
UNKNOWN_DATABASE, UNKNOWN_TABLE = 81, 60


@pytest.fixture(scope="module")
def server(engine: Engine, labels: dict[str, str]) -> Iterator[ClickHouseContainer]:
    with clickhouse_server(engine, labels) as made:
        yield made


@pytest.fixture
def collector(engine: Engine, server: ClickHouseContainer, tmp_path: Path) -> Iterator[LogCollector]:
    with closing(Server(server.address)) as asked:
        asked.execute("DROP DATABASE IF EXISTS logs SYNC")
    with log_collector(engine, server, tmp_path) as made:
        yield made


def rows(server: ClickHouseContainer, query: str) -> list[dict[str, Any]]:
    """A query's rows; none while the table is not there."""
    with closing(Server(server.address)) as asked:
        try:
            return asked.rows(query)
        except StatementError as error:
            if error.number in {UNKNOWN_DATABASE, UNKNOWN_TABLE}:
                return []
            raise


def await_lines(server: ClickHouseContainer, count: int) -> None:
    """Wait until so many rows are there, and see that each is there once and nothing else is."""

    def arrived() -> bool:
        found = rows(server, "SELECT count() AS n FROM logs.lines FINAL")
        return bool(found) and found[0]["n"] >= count

    await_true(arrived, 40)
    (found,) = rows(server, "SELECT count() AS n, uniqExact(message) AS different FROM logs.lines FINAL")
    assert found == {"n": count, "different": count}


def test_nothing_is_lost_or_doubled(collector: LogCollector, server: ClickHouseContainer) -> None:
    log = ContainerLog(collector.logs)
    log.write(f"first {i}" for i in range(5000))
    await_lines(server, 5000)

    server.kill()
    log.write(f"while the server is away {i}" for i in range(5000))
    log.rotate()
    short = ContainerLog(collector.logs, "shop_job-1_5678", "job")
    short.write(["the only line"], stream="stderr")
    # It is read within a moment, and the pod is gone before the server is back.
    await_true(lambda: "kept on disk" in collector.said())
    log.write(f"after the rotation {i}" for i in range(5000))
    short.remove()
    collector.kill()
    log.rotate()
    log.write(f"while both are away {i}" for i in range(5000))
    collector.start()
    server.start()
    await_lines(server, 20001)
    (job,) = rows(server, "SELECT namespace, pod, container, stream FROM logs.lines FINAL WHERE pod = 'job-1'")
    assert job == {"namespace": "shop", "pod": "job-1", "container": "job", "stream": "stderr"}

    # As when a server has taken rows and its answer is lost: the same rows again.
    with closing(Server(server.address)) as asked:
        asked.execute("INSERT INTO logs.lines SELECT * FROM logs.lines FINAL WHERE startsWith(message, 'first')")
    await_lines(server, 20001)


def test_lines_are_put_together_and_taken_apart(collector: LogCollector, server: ClickHouseContainer) -> None:
    log = ContainerLog(collector.logs)
    log.write(["a" * 16384, "b" * 16384], tag="P")
    log.write(["another stream"], stream="stderr")
    log.write(["c"])
    trace = ["Traceback (most recent call last):", '  File "shop.py", line 1', "ValueError: no"]
    log.write(trace, stream="stderr")
    log.write(['{"level":"warn","msg":"für \U0001f511 <b>","http":{"status":500}}'])
    log.write(['\x1b[31mERROR\x1b[0m it\'s "red"\\'])
    await_lines(server, 4)

    found = rows(server, "SELECT * EXCEPT timestamp FROM logs.lines FINAL ORDER BY timestamp")
    assert [row["message"] for row in found] == [
        "a" * 16384 + "b" * 16384 + "c",
        "\n".join(["another stream", *trace]),
        '{"level":"warn","msg":"für \U0001f511 <b>","http":{"status":500}}',
        'ERROR it\'s "red"\\',
    ]
    assert [row["level"] for row in found] == ["", "error", "warning", "error"]
    assert [row["stream"] for row in found] == ["stdout", "stderr", "stdout", "stdout"]
    assert found[2]["fields"] == {"level": "warn", "msg": "für \U0001f511 <b>", "http.status": "500"}
    assert {row["node"] for row in found} == {"node-1"}


def test_a_reset_of_the_database_leaves_the_logs_and_a_lost_table_comes_back(
    collector: LogCollector, server: ClickHouseContainer, tmp_path: Path
) -> None:
    log = ContainerLog(collector.logs)
    log.write(["before"])
    await_lines(server, 1)
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    (migrations / "001_items.sql").write_text("CREATE TABLE items (id UInt64) ENGINE = MergeTree ORDER BY id;")
    with open_database(server.address) as database:
        assert server.migrate(migrations)[0] == 0
        database.prepare("content", (), fresh=True)
        database.reset()
    await_lines(server, 1)

    with closing(Server(server.address)) as asked:
        asked.execute("DROP DATABASE logs SYNC")
    log.write(["after"])
    await_lines(server, 1)
    assert [row["message"] for row in rows(server, "SELECT message FROM logs.lines FINAL")] == ["after"]
    (made,) = rows(server, "SELECT create_table_query AS made FROM system.tables WHERE database = 'logs'")
    assert "toIntervalDay(3)" in made["made"]


def test_stored_lines_are_found_by_all_that_can_be_asked(collector: LogCollector, server: ClickHouseContainer) -> None:
    log = ContainerLog(collector.logs)
    log.write(["INFO it's 100% \\ done", "ERROR Für alle", '{"level":"warn","msg":"slow"}', "no level"])
    await_lines(server, 4)
    with closing(Server(server.address)) as asked:
        # Outside of a cluster, nobody tells the pod's labels.
        asked.execute("INSERT INTO logs.lines SELECT * REPLACE ('db' AS stack, 'db-0' AS pod) FROM logs.lines")
    query = LogQuery(since=datetime.now(UTC) - timedelta(minutes=5), stacks=frozenset({"db"}))

    def messages(**asked: Any) -> list[str]:
        return [entry.message for entry in read_stored(server.reader, replace(query, **asked)).entries]

    everything = ["INFO it's 100% \\ done", "ERROR Für alle", '{"level":"warn","msg":"slow"}', "no level"]
    assert messages() == everything
    assert messages(search="IT'S 100% \\") == everything[:1]
    assert messages(search="fÜR") == everything[1:2]
    assert messages(search="_") == []
    assert messages(level="warning") == everything[1:3]
    assert messages(pod="api") == []
    assert messages(namespaces=frozenset({"shop"}), pod="db") == everything
    assert messages(since=datetime.now(UTC) + timedelta(minutes=5)) == []
    found = read_stored(server.reader, replace(query, limit=2))
    assert [entry.message for entry in found.entries] == everything[2:]
    assert not found.complete
    assert found.entries[0].fields == {"level": "warn", "msg": "slow"}
    assert found.entries[0].timestamp in log.current.read_text()

    form = {"search": "FÜR", "stack": "db", "namespace": "shop", "pod": "db", "level": "error", "minutes": "5"}
    (row,) = httpx2.get(f"{collector.url}/api/logs", params=form, trust_env=False).raise_for_status().json()
    assert (row["message"], row["level"], row["pod"]) == ("ERROR Für alle", "error", "db-0")
    assert f"{row['second']}.{row['milliseconds']:03}" in log.current.read_text()
    earlier = {"until": f"{datetime.now(UTC) - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"}
    assert httpx2.get(f"{collector.url}/api/logs", params=earlier, trust_env=False).json() == []
