"""A Redis server in a container, for what needs the server and no cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import redis

from devenv.adapters.docker import Engine
from devenv.databases.address import Address
from devenv.databases.redis.layout import LIVE, TESTS, TESTS_COUNT
from support.server_container import server_container
from support.waiting import await_answer

PASSWORD = "für-this-test-🔑"  # noqa: S105 -- of a server that lives as long as the test

Content = dict[tuple[int, bytes], tuple[bytes, bool]]
"""Database and key to the serialized value, and whether the key expires."""


@contextmanager
def redis_server(
    engine: Engine, image: str, labels: dict[str, str], databases: int = TESTS + TESTS_COUNT
) -> Iterator[Address]:
    """The address of an empty server."""
    settings = ["--databases", str(databases), "--appendonly", "yes", "--requirepass", PASSWORD]
    with server_container(engine, image, labels, 6379, command=settings) as port:
        address = Address("redis", "127.0.0.1", port, "0", "default", PASSWORD)
        await_answer(lambda: _ping(address), redis.RedisError)
        yield address


def client(address: Address, database: int = 0) -> redis.Redis:
    """An application's connection."""
    return redis.Redis(
        host=address.host, port=address.port, db=database, username=address.user, password=address.password
    )


def empty(address: Address) -> None:
    """Leave a server without a key or a function."""
    with client(address) as connection:
        connection.flushall()
        connection.function_flush()


def content(address: Address) -> Content:
    """Everything in the applications' databases that a reset must bring back."""
    found: Content = {}
    for database in range(LIVE):
        with client(address, database) as connection:
            for key in connection.scan_iter():
                found[database, key] = (connection.execute_command("DUMP", key), connection.pttl(key) > 0)
    return found


def _ping(address: Address) -> None:
    with client(address) as connection:
        connection.ping()
