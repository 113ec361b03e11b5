"""Which module runs which engine. Drivers are imported when an engine is first used."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import assert_never

from devenv.databases.address import Address
from devenv.databases.database import Database
from devenv.databases.inside import Execute


def open_database(address: Address, execute: Execute | None = None) -> AbstractContextManager[Database]:
    """A connection for a few calls; entering it raises DatabaseError when the server does not answer or refuses.

    `execute` is the way into the server's container, which seeds take where the engine's own client applies them.
    """
    match address.engine:
        case "postgres":
            from devenv.databases.postgres.database import open_postgres

            return open_postgres(address, execute)
        case "mysql":
            from devenv.databases.mysql.database import open_mysql

            return open_mysql(address)
        case "clickhouse":
            from devenv.databases.clickhouse.database import open_clickhouse

            return open_clickhouse(address)
        case "meilisearch":
            from devenv.databases.meilisearch.database import open_meilisearch

            return open_meilisearch(address)
        case "redis":
            from devenv.databases.redis.database import open_redis

            return open_redis(address)
        case "nats":
            from devenv.databases.nats.database import open_nats

            return open_nats(address)
    assert_never(address.engine)
