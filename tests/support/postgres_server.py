"""A PostgreSQL server in a container, for what needs the server and no cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from devenv.adapters.docker import Engine
from devenv.databases.database import Address
from devenv.databases.postgres.server import connect

PASSWORD = "for-this-test-alone"  # noqa: S105 -- of a server that lives as long as the test
_SECONDS = 60.0
_PAUSE = 0.1
_PUBLISHED: Mapping[str, int | list[int] | tuple[str, int] | None] = {"5432/tcp": ("127.0.0.1", 0)}
"""On any free port."""
_COLUMNS = """
SELECT table_schema || '.' || table_name, column_name, concat_ws(' ', data_type, column_default, is_nullable)
FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1, ordinal_position
"""
_SEQUENCES = "SELECT sequencename, 'at', coalesce(last_value, 0)::text FROM pg_sequences ORDER BY 1"


@contextmanager
def postgres_server(engine: Engine, image: str, labels: dict[str, str]) -> Iterator[Address]:
    """The address of a server with an empty database `shop`."""
    container = engine.client.containers.run(
        image,
        command=["-c", "fsync=off"],
        environment={"POSTGRES_USER": "shop", "POSTGRES_PASSWORD": PASSWORD, "POSTGRES_DB": "shop"},
        ports=_PUBLISHED,
        labels=labels,
        detach=True,
    )
    try:
        (running,) = engine.containers(labels)
        ((_, port, _),) = running.ports
        address = Address("postgres", "127.0.0.1", port, "shop", "shop", PASSWORD)
        _await(address)
        yield address
    finally:
        container.remove(force=True, v=True)


def _await(address: Address) -> None:
    """A server tells nobody that it accepts connections: it is asked."""
    end = time.monotonic() + _SECONDS
    while True:
        try:
            psycopg.connect(address.url, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > end:
                pytest.fail(f"the server did not answer within {_SECONDS:g} s: {error}")
            time.sleep(_PAUSE)
        else:
            return


def fingerprint(address: Address, name: str) -> list[tuple[str, str, str]]:
    """Everything in a database that a reset must bring back: columns, and the rows of each table, as text."""
    with connect(address, name) as connection:
        columns = connection.execute(_COLUMNS).fetchall()
        tables = dict.fromkeys(table for table, _, _ in columns)
        rows = [(table, "rows", str(connection.execute(_rows_of(table)).fetchall())) for table in tables]
        return [*columns, *rows, *connection.execute(_SEQUENCES).fetchall()]


def _rows_of(table: str) -> sql.Composed:
    return sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier(*table.split(".")))
