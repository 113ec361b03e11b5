"""A PostgreSQL server in a container, for what needs the server and no cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from devenv.adapters.docker import Engine
from devenv.databases.address import Address
from devenv.databases.inside import Execute
from devenv.databases.postgres.connection import connect
from devenv.databases.postgres.server import Server
from support.server_container import inside, server_container
from support.waiting import await_answer

PASSWORD = "für-this-test-🔑"  # noqa: S105 -- of a server that lives as long as the test
_COLUMNS = """
SELECT table_schema || '.' || table_name, column_name, concat_ws(' ', data_type, column_default, is_nullable)
FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1, ordinal_position
"""
_SEQUENCES = "SELECT sequencename, 'at', coalesce(last_value, 0)::text FROM pg_sequences ORDER BY 1"


@dataclass(frozen=True)
class PostgresServer:
    """A running server."""

    address: Address
    execute: Execute

    def dumped(self, name: str) -> str:
        """All that pg_dump and pg_dumpall carry for a database, as they word it."""
        database = self._said("pg_dump", "--create", "--dbname", name)
        return database + self._said("pg_dumpall", "--globals-only", "--database", name)

    def _said(self, program: str, *arguments: str) -> str:
        ended = self.execute([program, "--username", self.address.user, *arguments], b"")
        assert ended.status == 0, ended.stderr
        # These hold a random word.
        return "\n".join(line for line in ended.stdout.splitlines() if not re.match(r"\\(un)?restrict ", line))


@contextmanager
def postgres_server(engine: Engine, image: str, labels: dict[str, str]) -> Iterator[PostgresServer]:
    """A server with an empty database `shop`."""
    login = {"POSTGRES_USER": "shop", "POSTGRES_PASSWORD": PASSWORD, "POSTGRES_DB": "shop"}
    command = ["-c", "fsync=off", "-c", "wal_level=logical"]
    options = {"command": command, "environment": login, "tmpfs": {"/var/lib/postgresql/data": ""}}
    with server_container(engine, image, labels, 5432, **options) as port:
        address = Address("postgres", "127.0.0.1", port, "shop", "shop", PASSWORD)
        await_answer(lambda: psycopg.connect(address.url, connect_timeout=2).close(), psycopg.OperationalError)
        yield PostgresServer(address, inside(engine, labels))


def create_databases(address: Address, *names: str) -> None:
    """Make databases that hold nothing, and are nobody's but the user's."""
    with connect(address, "postgres") as admin:
        for name in names:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def empty(address: Address) -> None:
    """Make the live database anew, and drop the pristine one with its spare."""
    with closing(Server(address)) as server:
        for name in (address.name, f"{address.name}_pristine", f"{address.name}_spare"):
            server.drop(name)
    create_databases(address, address.name)


def fingerprint(address: Address, name: str) -> list[tuple[str, str, str]]:
    """Everything in a database that a reset must bring back: columns, and the rows of each table, as text."""
    with connect(address, name) as connection:
        columns = connection.execute(_COLUMNS).fetchall()
        tables = dict.fromkeys(table for table, _, _ in columns)
        rows = [(table, "rows", str(connection.execute(_rows_of(table)).fetchall())) for table in tables]
        return [*columns, *rows, *connection.execute(_SEQUENCES).fetchall()]


def _rows_of(table: str) -> sql.Composed:
    return sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier(*table.split(".")))
