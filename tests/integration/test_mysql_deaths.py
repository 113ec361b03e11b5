"""A reset of MySQL ends as a whole or not at all, whatever dies in the middle of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace

import pymysql
import pytest
from support.images import provide
from support.mysql_server import empty, fingerprint, mysql_server, query
from support.mysql_shop import migrate, spoil
from support.resets import kill_while_resetting, kill_while_resetting_at
from support.server_container import inside
from support.waiting import await_answer, await_true

from devenv.adapters.docker import Engine
from devenv.databases.address import Address
from devenv.databases.engines import open_database
from devenv.databases.mysql.server import Server, connect
from devenv.errors import DatabaseError

pytestmark = pytest.mark.engine
CONTENT = "hash-of-migrations"
STOPS = 6
"""How many points of a script are tried, spread over all of it."""
BEFORE, BETWEEN = ("items", "DROP TRIGGER"), ("group_changes", "RENAME TABLE")
"""A table, and the statement that waits for it: the first that changes anything, and the one after which all is new."""
FINISH = ("sh", "/scripts/finish.sh")
JOURNAL = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'shop_devenv' AND table_name LIKE 'devenv\\_script\\_%'
"""


@pytest.fixture(scope="module")
def started(engine: Engine, labels: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with mysql_server(engine, provide("mysql", engine), labels, tmp_path_factory.mktemp("credentials")) as address:
        yield address


@pytest.fixture
def server(started: Address, engine: Engine, labels: dict[str, str]) -> Address:
    """Where it is now: a server that starts again gets another port."""
    return replace(started, port=port(engine, labels))


@pytest.fixture
def seeded(server: Address) -> list[tuple[str, ...]]:
    """What a reset brings back; the database is another."""
    empty(server)
    with open_database(server) as database:
        migrate(server, "shop", "shop_pristine")
        database.prepare(CONTENT, [], fresh=True)
    found = fingerprint(server, "shop")
    spoil(server)
    return found


def port(engine: Engine, labels: dict[str, str]) -> int:
    (running,) = engine.containers.list(labels)
    return next(outside for _, outside, within in running.ports if within == 3306)


def settled(server: Address) -> bool:
    """Whether nothing of a reset is running, not even in a session whose client is gone."""
    with closing(Server(server)) as admin:
        return admin.execute("SELECT IS_FREE_LOCK('devenv/shop'), IS_FREE_LOCK('devenv/shop/script')")[0] == (1, 1)


@contextmanager
def stopped_at(server: Address, table: str) -> Iterator[None]:
    """Keep a script waiting for a table, by a client that nobody ends: it has no transaction, and no schema."""
    with closing(Server(server)) as client:
        client.execute(f"LOCK TABLES shop.{table} READ")
        yield


def waits(server: Address, statement: str) -> bool:
    """Whether a statement that begins so waits for a table."""
    waiting = "SELECT 1 FROM information_schema.processlist WHERE info LIKE %s AND state LIKE 'Waiting for %%lock'"
    with closing(Server(server)) as admin:
        return bool(admin.execute(waiting, (f"{statement}%",)))


def end_script(server: Address) -> None:
    """End the session in which a script runs, as an administrator could."""
    with closing(Server(server)) as admin:
        admin.execute(f"KILL CONNECTION {admin.holder_of_script('shop')}")
        await_true(lambda: admin.holder_of_script("shop") is None)


@pytest.mark.parametrize("milliseconds", [0, 10, 20, 30, 50, 80])
def test_a_reset_whose_process_is_killed_is_one_or_the_other_at_once(
    seeded: list[tuple[str, ...]], server: Address, milliseconds: int
) -> None:
    spoiled = fingerprint(server, "shop")
    kill_while_resetting(server, milliseconds / 1000)
    await_true(lambda: settled(server))
    assert fingerprint(server, "shop") in (seeded, spoiled)


@pytest.mark.parametrize("stop", [BEFORE, BETWEEN])
def test_the_server_ends_what_a_killed_process_began(
    seeded: list[tuple[str, ...]], server: Address, stop: tuple[str, str]
) -> None:
    table, statement = stop
    with stopped_at(server, table):
        kill_while_resetting_at(server, lambda: waits(server, statement))
    await_true(lambda: settled(server))
    assert query(server, JOURNAL) == []
    assert fingerprint(server, "shop") == seeded


def test_whoever_comes_next_ends_the_clients_that_it_waits_for(seeded: list[tuple[str, ...]], server: Address) -> None:
    with closing(connect(server, "shop")) as client, client.cursor() as cursor:
        client.begin()
        cursor.execute("INSERT INTO group_changes (of_group) VALUES (1)")
        with stopped_at(server, "items"):
            kill_while_resetting_at(server, lambda: waits(server, "DROP TRIGGER"))
        with open_database(server) as database:
            database.make_spare()
        assert fingerprint(server, "shop") == seeded


@pytest.mark.parametrize("stop", range(STOPS))
def test_a_script_that_ended_anywhere_is_completed(
    seeded: list[tuple[str, ...]], server: Address, engine: Engine, labels: dict[str, str], stop: int
) -> None:
    """By the pod when it is asked whether it is ready, and by whoever opens the database."""
    with stopped_at(server, "items"), ThreadPoolExecutor(1) as pool, open_database(server) as database:
        resetting = pool.submit(database.reset)
        await_true(lambda: waits(server, "DROP TRIGGER"))
        end_script(server)
        with pytest.raises(DatabaseError):
            resetting.result()
    with closing(Server(server)) as session:
        script = session.execute("SELECT statement FROM shop_devenv.devenv_script_1 ORDER BY phase, step")
        for (statement,) in script[: len(script) * stop // STOPS]:
            session.execute(statement)
    assert query(server, JOURNAL)
    if stop % 2:
        ready = inside(engine, labels)(FINISH, b"")
        assert (ready.status, ready.stderr) == (0, "")
    else:
        with open_database(server):
            pass
    assert query(server, JOURNAL) == []
    assert fingerprint(server, "shop") == seeded


@pytest.mark.parametrize("stop", [BEFORE, BETWEEN])
def test_a_server_that_dies_is_whole_before_it_is_ready(
    seeded: list[tuple[str, ...]],
    server: Address,
    engine: Engine,
    labels: dict[str, str],
    stop: tuple[str, str],
) -> None:
    table, statement = stop
    with ThreadPoolExecutor(1) as pool, open_database(server) as database, stopped_at(server, table):
        resetting = pool.submit(database.reset)
        await_true(lambda: waits(server, statement))
        (container,) = engine.client.containers.list(filters={"label": [f"{k}={v}" for k, v in labels.items()]})
        container.kill("SIGKILL")
        with pytest.raises(DatabaseError):
            resetting.result()
    container.start()
    again = replace(server, port=port(engine, labels))
    await_answer(lambda: query(again, "SELECT 1"), pymysql.Error, DatabaseError)
    assert query(again, JOURNAL)
    assert inside(engine, labels)(FINISH, b"").status == 0
    assert query(again, JOURNAL) == []
    assert fingerprint(again, "shop") == seeded


def test_it_is_ready_while_a_reset_waits(
    seeded: list[tuple[str, ...]], server: Address, engine: Engine, labels: dict[str, str]
) -> None:
    done = threading.Event()
    with ThreadPoolExecutor(1) as pool, open_database(server) as database:
        with stopped_at(server, "items"):
            pool.submit(database.reset).add_done_callback(lambda _: done.set())
            await_true(lambda: waits(server, "DROP TRIGGER"))
            ready = inside(engine, labels)(FINISH, b"")
            assert (ready.status, ready.stderr) == (0, "")
            assert not done.is_set()
        assert done.wait(60)
    assert fingerprint(server, "shop") == seeded
