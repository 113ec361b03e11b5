"""A database of a test's own: its address, and a client of it.

Responsible for clients. Where the database comes from and what becomes of it is decided in `environment`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import httpx2
import psycopg
import pymysql

from devenv.databases.address import Address
from devenv.databases.clickhouse.server import Server as ClickHouseServer

Row = dict[str, Any]
Keep = Callable[[Address], Address]
"""Has a database stay; returns where it answers from then on."""


class OwnDatabase:
    """What each engine's has."""

    def __init__(self, stack: str, address: Address, keep: Keep) -> None:
        self.stack = stack
        """The stack that the server belongs to."""
        self.address = address
        self._keep = keep
        self._clients = ExitStack()

    @property
    def url(self) -> str:
        """As drivers take it, with user and password: `postgresql://alt:…@127.0.0.1:5432/alt_clone_1`."""
        return self.address.url

    @property
    def name(self) -> str:
        """What the engine calls it."""
        return self.address.name

    def keep(self) -> None:
        """Have it stay as it is when its block ends, to be looked at. Its clients end, and its name may change."""
        self._clients.close()
        self.address = self._keep(self.address)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the clients that were made here. Those that a test has made itself lose their connection."""
        self._clients.close()

    def __repr__(self) -> str:
        where = self.address
        return f"<{type(self).__name__} {where.name} of {self.stack} at {where.host}:{where.port}>"


class PostgresDatabase(OwnDatabase):
    """A PostgreSQL database."""

    def connect(self, **options: Any) -> psycopg.Connection:
        """A new connection, closed with the database; `options` are psycopg's."""
        return self._clients.enter_context(psycopg.connect(self.url, **options))

    @cached_property
    def client(self) -> psycopg.Connection:
        """One connection, made when it is first asked for; each statement is its own transaction."""
        return self.connect(autocommit=True)


class MysqlDatabase(OwnDatabase):
    """A MySQL or MariaDB schema."""

    def connect(self, **options: Any) -> pymysql.connections.Connection[Any]:
        """A new connection, closed with the database; `options` are PyMySQL's."""
        where = self.address
        connection = pymysql.connect(
            host=where.host,
            port=where.port,
            user=where.user,
            password=where.password.encode(),  # PyMySQL takes text for Latin-1
            database=where.name,
            **options,
        )
        self._clients.callback(connection.close)
        return connection

    @cached_property
    def client(self) -> pymysql.connections.Connection[Any]:
        """One connection, made when it is first asked for; each statement is its own transaction."""
        return self.connect(autocommit=True)


class ClickHouseDatabase(OwnDatabase):
    """A ClickHouse database, over HTTP."""

    @cached_property
    def client(self) -> httpx2.Client:
        """Posts statements: `client.post("/", content="SELECT 1")`; names without a database are in this one."""
        where = self.address
        client = httpx2.Client(
            base_url=f"http://{where.host}:{where.port}",
            auth=(where.user.encode(), where.password.encode()),
            params={"database": where.name},
            trust_env=False,
        )
        return self._clients.enter_context(client)

    def rows(self, statement: str) -> list[Row]:
        """The rows of a SELECT, by column; raises devenv's StatementError with the server's words."""
        settings = {"default_format": "JSONEachRow", "output_format_json_quote_64bit_integers": "0"}
        answer = self._server.execute(statement, database=self.name, **settings)
        return [json.loads(line) for line in answer.splitlines()]

    @cached_property
    def _server(self) -> ClickHouseServer:
        server = ClickHouseServer(self.address)
        self._clients.callback(server.close)
        return server
