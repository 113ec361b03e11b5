"""A Redis server in a container, for what needs the server and no cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
import redis

from devenv.adapters.docker import Engine
from devenv.databases.database import Address
from devenv.databases.redis.layout import LIVE, NEEDED

PASSWORD = "for-this-test-alone"  # noqa: S105 -- of a server that lives as long as the test
_SECONDS = 60.0
_PAUSE = 0.1
_PUBLISHED: Mapping[str, int | list[int] | tuple[str, int] | None] = {"6379/tcp": ("127.0.0.1", 0)}
"""On any free port."""

Content = dict[tuple[int, bytes], tuple[bytes, bool]]
"""Database and key to the serialized value, and whether the key expires."""


@contextmanager
def redis_server(engine: Engine, image: str, labels: dict[str, str], databases: int = NEEDED) -> Iterator[Address]:
    """The address of an empty server."""
    container = engine.client.containers.run(
        image,
        command=["--databases", str(databases), "--appendonly", "yes", "--requirepass", PASSWORD],
        ports=_PUBLISHED,
        labels=labels,
        detach=True,
    )
    try:
        (running,) = engine.containers(labels)
        ((_, port, _),) = running.ports
        address = Address("redis", "127.0.0.1", port, "0", "default", PASSWORD)
        _await(address)
        yield address
    finally:
        container.remove(force=True, v=True)


def client(address: Address, database: int = 0) -> redis.Redis:
    """An application's connection."""
    return redis.Redis(
        host=address.host, port=address.port, db=database, username=address.user, password=address.password
    )


def content(address: Address) -> Content:
    """Everything in the applications' databases that a reset must bring back."""
    found: Content = {}
    for database in range(LIVE):
        with client(address, database) as connection:
            for key in connection.scan_iter():
                found[database, key] = (connection.execute_command("DUMP", key), connection.pttl(key) > 0)
    return found


def _await(address: Address) -> None:
    """A server tells nobody that it accepts connections: it is asked."""
    end = time.monotonic() + _SECONDS
    while True:
        try:
            with client(address) as connection:
                connection.ping()
        except redis.RedisError as error:
            if time.monotonic() > end:
                pytest.fail(f"the server did not answer within {_SECONDS:g} s: {error}")
            time.sleep(_PAUSE)
        else:
            return
