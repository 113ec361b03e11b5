"""Pools of clones, on a real PostgreSQL server: many at once, killed ones, lost connections, clones that are kept."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from support.clone_takers import holding_a_clone, pool_of, take_and_be_killed
from support.images import provide
from support.postgres_server import create_databases, empty, fingerprint, postgres_server
from support.waiting import await_true

from devenv.adapters.docker import Engine
from devenv.databases.address import Address
from devenv.databases.database import Database
from devenv.databases.engines import open_database
from devenv.databases.postgres.connection import connect

pytestmark = pytest.mark.engine
SCHEMA = b"CREATE TABLE items (id serial PRIMARY KEY, name text); INSERT INTO items (name) VALUES ('one'), ('two');"
COUNT = "SELECT count(*) FROM items"


@pytest.fixture(scope="module")
def server(engine: Engine, labels: dict[str, str]) -> Iterator[Address]:
    with postgres_server(engine, provide("postgres", engine), labels) as running:
        yield running.address


@pytest.fixture
def database(server: Address) -> Iterator[Database]:
    empty(server)
    create_databases(server, "shop_pristine")
    with connect(server, "shop_pristine") as connection:
        connection.execute(SCHEMA)
    with open_database(server) as database:
        database.prepare("hash-of-migrations", [], fresh=True)
        yield database


def test_workers_that_are_killed_leave_nothing_and_share_nothing(database: Database, server: Address) -> None:
    taken = take_and_be_killed(server, workers=8, takes=13, kills=6, seed=14)
    names = [name for name, _ in taken]
    assert len(names) == len(set(names)) >= 8 * 13
    assert {found for _, found in taken} == {2}, "each was as the pristine one"
    with pool_of(server):
        pass
    assert database.clones("shop_clone_") == []


def test_what_another_process_uses_is_nobodys_to_sweep_until_it_is_gone(database: Database, server: Address) -> None:
    with holding_a_clone(server) as used:
        with pool_of(server) as pool:
            pool.take()
        assert used in database.clones("shop_clone_")
    with pool_of(server):
        pass
    assert database.clones("shop_clone_") == []


def test_a_clone_that_is_kept_outlives_its_pool_and_the_next(database: Database, server: Address) -> None:
    with pool_of(server) as pool:
        clone = pool.take()
        with psycopg.connect(clone.url, autocommit=True) as client:
            client.execute("INSERT INTO items (name) VALUES ('evidence')")
            expected = fingerprint(server, clone.name)
            kept = pool.keep(clone)
        pool.give_back(clone)
    with pool_of(server):
        pass
    assert kept.name.startswith("shop_kept_")
    assert database.clones("shop_clone_") == []
    assert fingerprint(server, kept.name) == expected
    assert not database.touched(), "it is nobody's data that could be lost"
    database.drop_clone(kept.name)


def test_a_pool_of_empty_clones_needs_no_pristine_state_and_leaves_nothing(server: Address) -> None:
    empty(server)
    with pool_of(server, empty=True) as pool:
        for _ in range(2):
            with pool.database() as clone, psycopg.connect(clone.url) as client:
                assert client.execute("SELECT to_regclass('items')").fetchone() == (None,)
                client.execute(SCHEMA)
    with open_database(server) as database:
        assert database.clones("shop_clone_") == []


def test_clients_that_hang_on_to_a_clone_do_not_keep_it(database: Database, server: Address) -> None:
    with pool_of(server) as pool:
        clone = pool.take()
        with psycopg.connect(clone.url) as client:
            client.execute("DELETE FROM items")  # in a transaction that stays open
            pool.give_back(clone)
            await_true(lambda: clone.name not in database.clones("shop_clone_"))
            with pytest.raises(psycopg.OperationalError):
                client.execute(COUNT)


@pytest.mark.usefixtures("database")
def test_a_pool_whose_connections_are_lost_makes_others(server: Address) -> None:
    with pool_of(server) as pool:
        pool.give_back(pool.take())
        with connect(server, "postgres") as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shop_devenv'")
        for _ in range(8):  # those that were ready as well as new ones
            with pool.database() as clone, psycopg.connect(clone.url) as client:
                assert client.execute(COUNT).fetchone() == (2,)
    with pool_of(server):
        pass
    with open_database(server) as database:
        assert database.clones("shop_clone_") == []
