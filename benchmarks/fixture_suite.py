"""The tests that benchmarks/fixture.py runs, written to a folder: a small shop over forty tables.

The same tests three times; what differs is the fixture `url`, by which each of them has a database that holds the seeds
and nothing else.
"""

from __future__ import annotations

from pathlib import Path

from devenv.adapters.files.paths import data_root

TABLES = 40
_MORE = TABLES - 5
"""Beside those of the shop, and `items`, which the stack's own migrations make."""
_ROWS = 10

_ID = "id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
_SHOP = f"""
CREATE TABLE customers ({_ID}, name text NOT NULL UNIQUE);
CREATE TABLE products ({_ID}, name text NOT NULL, stock int NOT NULL CHECK (stock >= 0));
CREATE TABLE orders ({_ID}, customer int NOT NULL REFERENCES customers, placed timestamptz NOT NULL DEFAULT now());
CREATE TABLE lines (
  ordered int NOT NULL REFERENCES orders, product int NOT NULL REFERENCES products, amount int NOT NULL,
  PRIMARY KEY (ordered, product)
);
"""
_TABLE = f"""
CREATE TABLE more_{{n}} ({_ID}, name text NOT NULL, value int NOT NULL);
CREATE INDEX ON more_{{n}} (value);
"""
SCHEMA = _SHOP + "".join(_TABLE.format(n=n) for n in range(_MORE))

_SHOP_ROWS = f"""
INSERT INTO customers (name) SELECT 'customer ' || n FROM generate_series(1, {_ROWS}) n;
INSERT INTO products (name, stock) SELECT 'product ' || n, 100 FROM generate_series(1, {_ROWS}) n;
"""
_TABLE_ROWS = f"""
INSERT INTO more_{{n}} (name, value) SELECT 'row ' || n, n FROM generate_series(1, {_ROWS}) n;
"""
ROWS = _SHOP_ROWS + "".join(_TABLE_ROWS.format(n=n) for n in range(_MORE))
_FIRST_ITEM = "INSERT INTO items (name) VALUES ('the first item');"

_OWN = """
import pytest

@pytest.fixture
def url(devenv_postgres):
    return devenv_postgres.url
"""

_EMPTYING = """
import os

import psycopg
import pytest

ROWS = {rows!r}

def empty(connection):
    tables = connection.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'").fetchall()
    connection.execute(f"TRUNCATE {{', '.join(name for name, in tables)}} RESTART IDENTITY CASCADE")
    connection.execute(ROWS)
"""

_SHARED = """
@pytest.fixture(scope="session")
def admin():
    with psycopg.connect(os.environ["SHARED_URL"], autocommit=True) as connection:
        yield connection

@pytest.fixture
def url(admin):
    empty(admin)
    return os.environ["SHARED_URL"]
"""

_CONTAINER = """
import time

import docker

SETUP = {setup!r}

def answering(url):
    while True:
        try:
            return psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.05)

@pytest.fixture(scope="session")
def engine():
    return docker.from_env()

@pytest.fixture(scope="module")
def admin(engine):
    container = engine.containers.run(
        os.environ["IMAGE"],
        ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"],
        environment={{"POSTGRES_USER": "alt", "POSTGRES_PASSWORD": "alt", "POSTGRES_DB": "alt"}},
        labels={labels!r},
        ports={{"5432/tcp": ("127.0.0.1", None)}},
        detach=True,
    )
    try:
        container.reload()
        port = container.ports["5432/tcp"][0]["HostPort"]
        with answering(f"postgresql://alt:alt@127.0.0.1:{{port}}/alt") as connection:
            connection.execute(SETUP)
            yield connection
    finally:
        container.remove(force=True, v=True)

@pytest.fixture
def url(admin):
    empty(admin)
    return f"postgresql://alt:alt@127.0.0.1:{{admin.info.port}}/alt"
"""

_TESTS = """
import psycopg
import pytest

def order(connection, customer, products):
    (ordered,) = connection.execute("INSERT INTO orders (customer) VALUES (%s) RETURNING id", (customer,)).fetchone()
    for product in products:
        connection.execute("UPDATE products SET stock = stock - 1 WHERE id = %s", (product,))
        connection.execute("INSERT INTO lines VALUES (%s, %s, 1)", (ordered, product))
    return ordered

@pytest.mark.parametrize("customer", range(1, {tests} + 1))
def test_what_is_ordered_leaves_the_stock(url, customer):
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)
        ordered = order(connection, customer, [1, 2, 3])
        connection.commit()
        assert ordered == 1
        assert connection.execute("SELECT sum(stock) FROM products").fetchone() == (997,)
        found = connection.execute(
            "SELECT c.name, p.name FROM orders o JOIN customers c ON c.id = o.customer"
            " JOIN lines l ON l.ordered = o.id JOIN products p ON p.id = l.product ORDER BY p.id"
        ).fetchall()
        assert found == [(f"customer {{customer}}", f"product {{n}}") for n in (1, 2, 3)]
        assert connection.execute("SELECT count(*) FROM items").fetchone() == (1,)
"""


def write_suite(folder: Path, how: str, *, modules: int, tests: int, labels: dict[str, str]) -> None:
    """Write the tests: `tests` in each of `modules` files, that have their databases as `how` says."""
    emptying = _EMPTYING.format(rows=ROWS + _FIRST_ITEM)
    container = _CONTAINER.format(setup=_migrations() + SCHEMA + ROWS, labels=labels)
    conftest = {"own": _OWN, "shared": emptying + _SHARED, "container": emptying + container}[how]
    folder.mkdir()
    (folder / "conftest.py").write_text(conftest)
    (folder / "pytest.ini").write_text("[pytest]\n")
    for number in range(modules):
        (folder / f"test_{number:03}.py").write_text(_TESTS.format(tests=tests))


def _migrations() -> str:
    """Those of the stack, as one text; its order is that of their names."""
    folder = data_root() / "stacks" / "02-infrastructure" / "postgres" / "migrations"
    return "\n".join(file.read_text() for file in sorted(folder.glob("*.sql")))
