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
from support.lost_marks_contract import assert_only_what_is_nobodys_gives_way
from support.postgres_server import PostgresServer, create_databases, empty, fingerprint, postgres_server
from support.resets import kill_while_resetting, reset_at_once
from support.shells import TEXT, said_by_shell
from support.snapshot_contract import assert_snapshots_come_back_and_go
from support.waiting import await_true

from devenv.adapters.docker import Engine
from devenv.databases.address import Address
from devenv.databases.clones import ClonePool
from devenv.databases.database import Database
from devenv.databases.engines import open_database
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
def database(running: PostgresServer, server: Address, seed: Path) -> Iterator[Database]:
    """A database as `up` leaves it: migrated by the Job, prepared by devenv."""
    empty(server)
    with open_database(server, running.execute) as database:
        migrate(server, "shop", "shop_pristine")
        database.prepare(CONTENT, [seed], fresh=True)
        yield database


def migrate(server: Address, *names: str, schema: bytes = SCHEMA) -> None:
    """What the chart's Job does."""
    admin = Server(server)
    for name in names:
        if admin.mark(name) is None:
            create_databases(server, name)
        with connect(server, name) as connection:
            connection.execute(schema)
    admin.close()


LOSSES = {
    "mark": ["DELETE FROM public.marks"],
    "companion": ["DROP DATABASE shop_devenv WITH (FORCE)"],
    "database": ["DROP DATABASE shop WITH (FORCE)", "CREATE DATABASE shop"],
}


@pytest.mark.parametrize("lost", LOSSES)
def test_live_data_without_a_mark_gives_way_only_where_it_is_nobodys(
    running: PostgresServer, server: Address, seed: Path, lost: str
) -> None:
    # Rows with the time would be others in the live database than in the pristine one.
    plain = SCHEMA.replace(b", made timestamptz DEFAULT now()", b"")

    def lose() -> None:
        with connect(server, "shop_devenv" if lost == "mark" else "postgres") as admin:
            for statement in LOSSES[lost]:
                admin.execute(statement.encode())

    def run_job() -> None:
        with closing(Server(server)) as admin, connect(server, "shop") as live:
            admin.drop("shop_pristine")
            is_migrated = live.execute("SELECT to_regclass('items') IS NOT NULL").fetchone() == (True,)
        migrate(server, "shop_pristine", *([] if is_migrated else ["shop"]), schema=plain)

    def prepare() -> bool:
        run_job()
        with open_database(server, running.execute) as database:
            return database.prepare(CONTENT, [seed])

    def use() -> None:
        run_job()
        with connect(server, "shop") as connection:
            connection.execute("CREATE TABLE mine AS SELECT 1 AS n")

    empty(server)
    prepare()
    assert names_of(server) == ["first", "seeded; not a statement"]
    assert_only_what_is_nobodys_gives_way(prepare, lambda: fingerprint(server, "shop"), lose, use)


def test_seeds_that_failed_are_tried_again_on_a_new_database(
    running: PostgresServer, server: Address, seed: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "02_bad.sql"
    bad.write_text("SELECT nothing;\n")
    empty(server)
    with open_database(server, running.execute) as database:
        migrate(server, "shop", "shop_pristine")
        with pytest.raises(DatabaseError):
            database.prepare(CONTENT, [seed, bad], fresh=True)
        assert not database.prepare(CONTENT, [seed])
        assert names_of(server) == ["first", "seeded; not a statement"]


@pytest.mark.parametrize(
    ("where", "statement", "undo"),
    [
        ("postgres", "CREATE DATABASE reports", "DROP DATABASE reports"),
        ("postgres", "CREATE TABLE mine (n int)", "DROP TABLE mine"),
        ("shop", "SELECT lo_from_bytea(7, 'x')", "SELECT lo_unlink(7)"),
        ("shop", "CREATE VIEW seen AS SELECT 1 AS n", "DROP VIEW seen"),
        ("shop", "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'", "DROP FUNCTION one"),
        ("shop", "CREATE SCHEMA mine", "DROP SCHEMA mine"),
    ],
)
def test_whatever_the_server_holds_beside_seeds_counts_as_touched(
    database: Database, server: Address, where: str, statement: str, undo: str
) -> None:
    assert not database.touched()
    with connect(server, where) as connection:
        connection.execute(statement.encode())
        assert database.touched()
        connection.execute(undo.encode())
    assert not database.touched()


def names_of(server: Address) -> list[str]:
    with connect(server, "shop") as connection:
        return [row[0] for row in connection.execute("SELECT name FROM items ORDER BY id")]


def spoil(server: Address) -> None:
    with connect(server, "shop") as connection:
        connection.execute("DELETE FROM items; DROP FUNCTION count_items; CREATE TABLE extra (n int)")


def test_a_reset_brings_back_schema_rows_and_sequences(database: Database, server: Address) -> None:
    seeded = fingerprint(server, "shop")
    assert names_of(server) == ["first", "seeded; not a statement"]
    for _ in range(2):  # with the spare that `prepare` made, then without
        spoil(server)
        assert fingerprint(server, "shop") != seeded
        database.reset()
        assert fingerprint(server, "shop") == seeded


def test_a_spare_is_made_while_nobody_waits(database: Database, server: Address) -> None:
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


def test_what_the_job_has_rebuilt_is_what_a_reset_brings(database: Database, server: Address, seed: Path) -> None:
    """Made of the same files, with other times in its rows."""
    with closing(Server(server)) as admin:
        admin.drop("shop_pristine")
    migrate(server, "shop_pristine")
    assert not database.prepare(CONTENT, [seed])
    assert database.touched()
    database.reset()
    assert not database.touched()


def test_a_spare_that_cannot_be_made_stops_no_other(database: Database, server: Address) -> None:
    database.reset()
    problems = make([replace(server, password="wrong"), server])  # noqa: S106 -- it is wrong
    assert len(problems) == 1
    assert "postgres shop" in problems[0]
    assert server.password not in problems[0]
    with closing(Server(server)) as admin:
        assert admin.mark("shop_spare") == CONTENT


def test_without_a_pristine_state_there_is_no_spare(database: Database, server: Address) -> None:
    empty(server)
    database.make_spare()
    assert database.clones("shop") == ["shop", "shop_devenv"]


def test_preparing_again_leaves_live_data_alone(database: Database, server: Address, seed: Path) -> None:
    spoil(server)
    database.prepare(CONTENT, [seed])
    assert names_of(server) == []


def test_clients_and_their_transactions_are_ended(database: Database, server: Address) -> None:
    with connect(server, "shop") as client:
        client.execute("BEGIN")
        client.execute("INSERT INTO items (name) VALUES ('never committed')")
        database.reset()
        with pytest.raises(psycopg.OperationalError):
            client.execute("COMMIT")
    assert len(names_of(server)) == 2


def test_clients_that_keep_coming_do_not_stop_it(database: Database, server: Address, seed: Path) -> None:
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


def test_two_resets_at_once_follow_each_other(database: Database, server: Address) -> None:
    spoil(server)
    reset_at_once(server, 4)
    assert len(names_of(server)) == 2
    assert database.pristine() == CONTENT


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.11])
def test_a_reset_that_is_killed_is_mended_by_the_next(database: Database, server: Address, after: float) -> None:
    kill_while_resetting(server, after)
    database.reset()
    assert len(names_of(server)) == 2


def test_changed_content_seeds_a_rebuilt_pristine_state_and_spares_live_data(
    database: Database, server: Address, seed: Path
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


def test_snapshots_come_back_and_go(database: Database, server: Address) -> None:
    def change() -> None:
        with connect(server, "shop") as connection:
            connection.execute("INSERT INTO items (name) VALUES ('kept')")

    assert_snapshots_come_back_and_go(database, lambda: fingerprint(server, "shop"), change, lambda: spoil(server))


def test_clones_are_fresh_and_gone_afterwards(database: Database, server: Address) -> None:
    with ClonePool(lambda: open_database(server), "shop", 2) as pool:
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
    with ClonePool(lambda: open_database(wrong), "shop", 1) as pool:
        for _ in range(3):  # whoever asks, also after the pool has given up
            with pytest.raises(DatabaseError) as caught:
                pool.take(timeout=10)
    assert "password authentication failed" in caught.value.context["cause"]
    assert "wrong" not in repr(wrong)


def test_text_goes_through_the_shell_unchanged_in_any_locale(running: PostgresServer) -> None:
    (said,) = said_by_shell(running.execute, "postgres", f"SELECT '{TEXT}' AS a;")
    assert f"\n {TEXT}" in said
