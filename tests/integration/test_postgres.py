"""PostgreSQL resets, snapshots and clones, on a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from support.images import provide
from support.postgres_server import PostgresServer, fingerprint, postgres_server
from support.resets import kill_while_resetting, reset_at_once
from support.shells import TEXT, said_by_shell
from support.snapshot_contract import assert_snapshots_come_back_and_go
from support.waiting import await_true

from devenv.adapters.docker import Engine
from devenv.databases.clones import ClonePool
from devenv.databases.database import Address
from devenv.databases.postgres import Postgres
from devenv.databases.postgres.connection import connect
from devenv.databases.postgres.server import Server
from devenv.databases.spares import make, start_making
from devenv.errors import DatabaseError

pytestmark = pytest.mark.engine
SCHEMA = b"""
CREATE TABLE items (id serial PRIMARY KEY, name text NOT NULL, made timestamptz DEFAULT now());
CREATE FUNCTION count_items() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM items';
INSERT INTO items (name) VALUES ('first');
"""
CONTENT = "hash-of-migrations"


@pytest.fixture(scope="module")
def running(engine: Engine, labels: dict[str, str]) -> Iterator[PostgresServer]:
    with postgres_server(engine, provide("postgres", engine), labels) as running:
        yield running


@pytest.fixture(scope="module")
def server(running: PostgresServer) -> Address:
    return running.address


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "01_items.sql"
    path.write_text("INSERT INTO items (name) VALUES ('seeded; not a statement');\n")
    return path


@pytest.fixture
def database(running: PostgresServer, server: Address, seed: Path) -> Iterator[Postgres]:
    """A database as `up` leaves it: migrated by the Job, prepared by devenv."""
    with Postgres.connect(server, running.execute) as database:
        database.empty()
        migrate(server, "shop", "shop_pristine")
        database.prepare(CONTENT, [seed])
        yield database


def migrate(server: Address, *names: str) -> None:
    """What the chart's Job does."""
    admin = Server(server)
    for name in names:
        if admin.mark(name) is None:
            admin.create(name)
        with connect(server, name) as connection:
            connection.execute(SCHEMA)
    admin.close()


def names_of(server: Address) -> list[str]:
    with connect(server, "shop") as connection:
        return [row[0] for row in connection.execute("SELECT name FROM items ORDER BY id")]


def spoil(server: Address) -> None:
    with connect(server, "shop") as connection:
        connection.execute("DELETE FROM items; DROP FUNCTION count_items; CREATE TABLE extra (n int)")


def test_a_reset_brings_back_schema_rows_and_sequences(database: Postgres, server: Address) -> None:
    seeded = fingerprint(server, "shop")
    assert names_of(server) == ["first", "seeded; not a statement"]
    for _ in range(2):  # with the spare that `prepare` made, then without
        spoil(server)
        assert fingerprint(server, "shop") != seeded
        database.reset()
        assert fingerprint(server, "shop") == seeded


def test_a_spare_is_made_while_nobody_waits(database: Postgres, server: Address) -> None:
    seeded = fingerprint(server, "shop")
    database.reset()
    with closing(Server(server)) as admin:
        assert admin.mark("shop_spare") is None
        start_making([server])
        await_true(lambda: admin.mark("shop_spare") == CONTENT)
        assert admin.mark("shop_old") is None
        spoil(server)
        database.reset()
        assert admin.mark("shop_spare") is None
    assert fingerprint(server, "shop") == seeded


def test_a_spare_that_cannot_be_made_stops_no_other(database: Postgres, server: Address) -> None:
    database.reset()
    problems = make([replace(server, password="wrong"), server])  # noqa: S106 -- it is wrong
    assert len(problems) == 1
    assert "postgres shop" in problems[0]
    assert server.password not in problems[0]
    with closing(Server(server)) as admin:
        assert admin.mark("shop_spare") == CONTENT


def test_without_a_pristine_state_there_is_no_spare(database: Postgres) -> None:
    database.empty()
    database.make_spare()
    assert database.clones("shop") == ["shop", "shop_devenv"]


def test_preparing_again_leaves_live_data_alone(database: Postgres, server: Address, seed: Path) -> None:
    spoil(server)
    database.prepare(CONTENT, [seed])
    assert names_of(server) == []


def test_clients_and_their_transactions_are_ended(database: Postgres, server: Address) -> None:
    with connect(server, "shop") as client:
        client.execute("BEGIN")
        client.execute("INSERT INTO items (name) VALUES ('never committed')")
        database.reset()
        with pytest.raises(psycopg.OperationalError):
            client.execute("COMMIT")
    assert len(names_of(server)) == 2


def test_clients_that_keep_coming_do_not_stop_it(database: Postgres, server: Address, seed: Path) -> None:
    over = threading.Event()
    connected = []

    def come_and_go() -> None:
        while not over.is_set():
            try:
                with psycopg.connect(server.url) as connection:
                    connection.execute("SELECT 1")
                    connected.append(1)
            except psycopg.OperationalError:
                continue  # that is what happens to clients of a database that is replaced

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            spoil_if_possible(server)
            database.reset()
            database.prepare(CONTENT, [seed])
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert connected
    assert len(names_of(server)) == 2


def spoil_if_possible(server: Address) -> None:
    with connect(server, "shop") as connection:
        connection.execute("DELETE FROM items")


def test_two_resets_at_once_follow_each_other(database: Postgres, server: Address) -> None:
    spoil(server)
    reset_at_once(server, 4)
    assert len(names_of(server)) == 2
    assert database.pristine() == CONTENT


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.11])
def test_a_reset_that_is_killed_is_mended_by_the_next(database: Postgres, server: Address, after: float) -> None:
    kill_while_resetting(server, after)
    database.reset()
    assert len(names_of(server)) == 2


def test_changed_content_seeds_a_rebuilt_pristine_state_and_spares_live_data(
    database: Postgres, server: Address, seed: Path
) -> None:
    spoil(server)
    admin = Server(server)
    admin.drop("shop_pristine")
    admin.close()
    migrate(server, "shop_pristine")
    seed.write_text("INSERT INTO items (name) VALUES ('seeded anew');\n")
    database.prepare("another hash", [seed])
    assert names_of(server) == []
    database.reset()
    assert names_of(server) == ["first", "seeded anew"]


def test_snapshots_come_back_and_go(database: Postgres, server: Address) -> None:
    def change() -> None:
        with connect(server, "shop") as connection:
            connection.execute("INSERT INTO items (name) VALUES ('kept')")

    assert_snapshots_come_back_and_go(database, lambda: fingerprint(server, "shop"), change, lambda: spoil(server))


def test_clones_are_fresh_and_gone_afterwards(database: Postgres, server: Address) -> None:
    orphan = "shop_clone_999999999_x"
    database.clone(orphan)
    with ClonePool(lambda: Postgres.connect(server), "shop", 2) as pool:
        await_true(lambda: orphan not in database.clones("shop_clone_"))
        with pool.database() as one, pool.database() as two:
            assert one.name != two.name
            with psycopg.connect(one.url) as connection:
                connection.execute("DELETE FROM items")
            with psycopg.connect(two.url) as connection:
                assert connection.execute("SELECT count(*) FROM items").fetchone() == (2,)
        third = pool.take()
        with psycopg.connect(third.url) as connection:
            assert connection.execute("SELECT count(*) FROM items").fetchone() == (2,)
    assert database.clones("shop_clone_") == []


def test_a_pool_tells_why_it_has_no_clones(server: Address) -> None:
    wrong = replace(server, password="wrong")  # noqa: S106 -- that is the case
    with ClonePool(lambda: Postgres.connect(wrong), "shop", 1) as pool:
        for _ in range(3):  # whoever asks, also after the pool has given up
            with pytest.raises(DatabaseError) as caught:
                pool.take(timeout=10)
    assert "password authentication failed" in caught.value.context["cause"]
    assert "wrong" not in repr(wrong)


def test_text_goes_through_the_shell_unchanged_in_any_locale(running: PostgresServer) -> None:
    (said,) = said_by_shell(running.execute, "postgres", f"SELECT '{TEXT}' AS a;")
    assert f"\n {TEXT}" in said
