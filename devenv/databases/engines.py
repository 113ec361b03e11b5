"""Which module runs which engine. Drivers are imported when an engine is first used."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, assert_never

from devenv.databases.clones import Cloning
from devenv.databases.database import Address, Database
from devenv.databases.inside import Execute
from devenv.errors import DatabaseError

if TYPE_CHECKING:
    from devenv.databases.clickhouse import ClickHouse
    from devenv.databases.mysql import MySQL
    from devenv.databases.postgres import Postgres
    from devenv.localstack import LocalStack


def open_database(address: Address, execute: Execute | None = None) -> AbstractContextManager[Database]:
    """A connection for a few calls; entering it raises DatabaseError when the server does not answer or refuses.

    `execute` is the way into the server's container, which seeds take where the engine's own client applies them.
    """
    match address.engine:
        case "postgres":
            from devenv.databases.postgres import Postgres

            return Postgres.connect(address, execute)
        case "mysql" | "clickhouse":
            return _open_clonable(address.engine, address)
        case "redis":
            from devenv.databases.redis.database import Redis

            return Redis.connect(address)
        case "nats":
            from devenv.databases.nats.database import Nats

            return Nats.connect(address)
        case "meilisearch":
            from devenv.databases.meilisearch import Meilisearch

            return Meilisearch.connect(address)
    assert_never(address.engine)


def open_clones(address: Address) -> AbstractContextManager[Cloning]:
    """The same for a database that can be cloned; raises DatabaseError at once where its engine has no clones."""
    match address.engine:
        case "postgres" | "mysql" | "clickhouse":
            return _open_clonable(address.engine, address)
        case _:
            raise DatabaseError(f"{address.engine} databases cannot be cloned", hint="devenv db snapshot")


def localstack(endpoint: str, host: str, document: str, program: Path, lock: Path) -> LocalStack:
    """LocalStack with its seeds; see there."""
    from devenv.localstack import LocalStack

    return LocalStack(endpoint, host, document, program, lock)


def _open_clonable(
    engine: Literal["postgres", "mysql", "clickhouse"], address: Address
) -> AbstractContextManager[Postgres | MySQL | ClickHouse]:
    match engine:
        case "postgres":
            from devenv.databases.postgres import Postgres

            return Postgres.connect(address)
        case "mysql":
            from devenv.databases.mysql import MySQL

            return MySQL.connect(address)
        case "clickhouse":
            from devenv.databases.clickhouse import ClickHouse

            return ClickHouse.connect(address)
    assert_never(engine)
