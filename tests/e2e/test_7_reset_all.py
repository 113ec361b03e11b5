"""`devenv reset-db` of every database at once, whatever clients, others and a killed command do to it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pymysql
import pytest
from psycopg import sql
from support.all_databases import contents, differing, spoil
from support.databases import address_of
from support.environment import Project

from devenv.databases.mysql.server import connect

pytestmark = pytest.mark.e2e
SECONDS = 60.0


@pytest.fixture
def seeded(inside: Project) -> dict[str, Any]:
    """What every database holds after a reset; all are spoiled then."""
    inside.devenv("reset-db", "--yes")
    found = contents(inside)
    spoil(inside)
    spoiled = contents(inside)
    assert [name for name in found if found[name] == spoiled[name]] == []
    return found


@contextmanager
def postgres_client(environment: Project) -> Iterator[Callable[[], object]]:
    """A client that holds a lock in PostgreSQL; what is given waits in the transaction until the server ends it."""
    with closing(psycopg.connect(address_of(environment, "postgres").url)) as connection:
        connection.execute("LOCK TABLE items")

        def wait() -> None:
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT pg_sleep(%s)", [SECONDS])

        yield wait


@contextmanager
def mysql_client(environment: Project) -> Iterator[Callable[[], object]]:
    """A client that holds row locks in MySQL; what is given waits in the transaction until the server ends it."""
    address = address_of(environment, "mysql")
    with closing(connect(address, address.name)) as connection, connection.cursor() as cursor:
        connection.begin()
        cursor.execute("UPDATE customers SET name = 'uncommitted'")

        def wait() -> None:
            with pytest.raises(pymysql.Error):
                cursor.execute("SELECT SLEEP(%s)", [SECONDS])

        yield wait


def test_all_come_back_while_clients_hold_locks(environment: Project, seeded: dict[str, Any]) -> None:
    with postgres_client(environment), mysql_client(environment):
        done = environment.devenv("reset-db", "--yes", "--json")
    assert {row["name"] for row in json.loads(done.stdout)} == set(seeded)
    assert differing(seeded, contents(environment)) == {}


def test_two_at_once_both_succeed(environment: Project, seeded: dict[str, Any]) -> None:
    both = [environment.start("reset-db", "--yes") for _ in range(2)]
    said = [process.communicate(timeout=SECONDS) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert differing(seeded, contents(environment)) == {}


@pytest.mark.parametrize("client", [postgres_client, mysql_client])
def test_a_command_that_was_killed_in_the_middle_is_run_again(
    environment: Project, seeded: dict[str, Any], client: Callable[[Project], Any]
) -> None:
    """Killed at the moment when a client sees that the reset has ended it."""
    with client(environment) as wait_to_be_ended:
        process = environment.start("reset-db", "--yes")
        wait_to_be_ended()
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait(SECONDS) == -signal.SIGKILL
        process.communicate()
    environment.devenv("reset-db", "--yes")
    assert differing(seeded, contents(environment)) == {}


def test_one_that_does_not_run_is_told_by_name(environment: Project, seeded: dict[str, Any]) -> None:
    where = ["--namespace", "alt-database"]
    environment.kubectl("scale", "statefulset/redis", "--replicas=0", *where)
    try:
        environment.kubectl("wait", "--for=delete", "pod/redis-0", "--timeout=60s", *where)
        failed = environment.devenv("reset-db", "--yes", expect=1)
    finally:
        environment.kubectl("scale", "statefulset/redis", "--replicas=1", *where)
        environment.kubectl("rollout", "status", "statefulset/redis", "--timeout=120s", *where)
    assert "error: redis at 127.0.0.1" in failed.stderr
    assert "hint: devenv status" in failed.stderr
    environment.devenv("reset-db", "--yes")
    assert differing(seeded, contents(environment)) == {}


def test_a_password_that_the_server_does_not_take_is_told(environment: Project) -> None:
    address = address_of(environment, "postgres")
    with psycopg.connect(address.url, autocommit=True) as connection:
        alter = sql.SQL("ALTER ROLE {} PASSWORD {}")
        connection.execute(alter.format(sql.Identifier(address.user), "of-somebody-else"))
        try:
            failed = environment.devenv("reset-db", "postgres", "--yes", expect=1)
        finally:
            connection.execute(alter.format(sql.Identifier(address.user), address.password))
    assert "password authentication failed" in failed.stderr
    assert address.password not in failed.stdout + failed.stderr
    environment.devenv("reset-db", "postgres", "--yes")


def test_one_that_is_not_deployed_is_told(environment: Project) -> None:
    before = environment.spec
    environment.write_spec({**before, "stacks": [*before["stacks"], {"name": "meilisearch"}]})
    try:
        failed = environment.devenv("reset-db", "meilisearch", "--yes", expect=1)
    finally:
        environment.write_spec(before)
    assert "meilisearch is not deployed" in failed.stderr
    assert "devenv up --only meilisearch" in failed.stderr
