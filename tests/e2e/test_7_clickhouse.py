"""ClickHouse on the environment that is up: its Job, its Secret, its volume, and `devenv` around it.

What resets, snapshots and clones do to a server is in `tests/integration/test_clickhouse.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.clickhouse_server import fingerprint
from support.databases import address_of, restart
from support.environment import Project

from devenv.databases.address import Address
from devenv.databases.clickhouse.server import Server
from devenv.workflows.databases.clones import clone_pool

pytestmark = pytest.mark.e2e


@pytest.fixture
def address(environment: Project) -> Address:
    return address_of(environment, "clickhouse")


@pytest.fixture
def server(address: Address) -> Iterator[Server]:
    server = Server(address)
    yield server
    server.close()


def count(server: Server, database: str = "alt") -> int:
    return int(server.execute("SELECT count() FROM events", database=database))


def spoil(server: Server) -> None:
    server.execute("TRUNCATE TABLE events", database="alt")
    server.execute("DROP VIEW kinds", database="alt")


def test_a_reset_brings_back_the_seeded_state(environment: Project, server: Server, address: Address) -> None:
    environment.devenv("reset-db", "clickhouse", "--yes")
    seeded = fingerprint(address, "alt")
    assert count(server) == 3
    spoil(server)
    done = environment.devenv("reset-db", "clickhouse", "--yes", "--json")
    (row,) = json.loads(done.stdout)
    assert (row["name"], row["engine"], row["how"]) == ("clickhouse", "clickhouse", "pristine")
    assert fingerprint(address, "alt") == seeded


def test_the_job_has_applied_all_migrations(environment: Project) -> None:
    rows = json.loads(environment.devenv("db", "status", "clickhouse", "--json").stdout)
    assert [(row["version"], row["state"]) for row in rows] == [("001", "applied"), ("002", "applied")]


def test_a_snapshot_comes_back(environment: Project, server: Server, address: Address) -> None:
    kept = fingerprint(address, "alt")
    environment.devenv("db", "snapshot", "kept", "--database", "clickhouse")
    spoil(server)
    environment.devenv("db", "restore", "kept", "--database", "clickhouse", "--yes")
    assert fingerprint(address, "alt") == kept
    environment.devenv("db", "rm", "kept", "--database", "clickhouse")


def test_clones_of_the_running_environment(inside: Project) -> None:
    with clone_pool(inside.root, "clickhouse", size=1) as pool, pool.database() as clone:
        server = Server(clone)
        assert count(server, clone.name) == 3
        server.close()


def test_a_pod_restart_keeps_the_data(environment: Project, server: Server) -> None:
    server.execute("INSERT INTO events (id, kind) VALUES (generateUUIDv4(), 'kept')", database="alt")
    restart(environment, "alt-analytics", "clickhouse")
    assert server.execute("SELECT count() FROM events WHERE kind = 'kept'", database="alt") == b"1\n"
    environment.devenv("reset-db", "clickhouse", "--yes")
    assert count(server) == 3
