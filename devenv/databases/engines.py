"""Which module runs which engine. Drivers are imported when an engine is first used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import assert_never

from devenv.databases.clones import Cloning
from devenv.databases.database import Address, Database
from devenv.errors import DatabaseError
from devenv.spec.stack import DatabaseEngine

Run = Callable[[Sequence[str], bytes | None], str]
"""Runs a command in the database's container, with a standard input; returns its standard output. Raises
CommandFailedError."""


@dataclass(frozen=True, slots=True)
class Access:
    """Two ways to a database: over the network, and a command beside its server."""

    address: Address
    run: Run


def open_clones(engine: DatabaseEngine, access: Access) -> AbstractContextManager[Cloning]:
    """Connect to a database that can be cloned; raises DatabaseError, also when its engine cannot."""
    match engine:
        case "postgres":
            from devenv.databases.postgres import Postgres

            return Postgres.connect(access.address)
        case "mysql":
            from devenv.databases.mysql import MySQL

            return MySQL.connect(access.address)
        case "clickhouse":
            from devenv.databases.clickhouse import ClickHouse

            return ClickHouse.connect(access.address)
        case _:
            raise DatabaseError(f"{engine} databases cannot be cloned", hint="devenv db snapshot")


def open_database(engine: DatabaseEngine, access: Access) -> AbstractContextManager[Database]:
    """Connect to a database; raises DatabaseError when it does not answer or refuses the login."""
    match engine:
        case "postgres":
            from devenv.databases.postgres import Postgres

            return Postgres.connect(access.address)
        case "redis":
            from devenv.databases.redis.database import Redis

            return Redis.connect(access.address)
        case "nats":
            from devenv.databases.nats.database import Nats

            return Nats.connect(access.address)
        case "mysql":
            from devenv.databases.mysql import MySQL

            return MySQL.connect(access.address)
        case "clickhouse":
            from devenv.databases.clickhouse import ClickHouse

            return ClickHouse.connect(access.address)
        case "meilisearch":
            from devenv.databases.meilisearch import Meilisearch

            return Meilisearch.connect(access.address)
    assert_never(engine)
