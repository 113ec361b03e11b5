"""A Redis database or a NATS account of a test's own: its address, and a client of it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import nats
import redis
from nats.aio.client import Client

from devenv.testing.databases import OwnDatabase


class RedisDatabase(OwnDatabase):
    """A logical database with the seeds of database 0. Channels, functions and configuration are the whole server's."""

    @cached_property
    def client(self) -> redis.Redis:
        """A client, made when it is first asked for; it gives and takes text."""
        return self.connect(decode_responses=True)

    def connect(self, **options: Any) -> redis.Redis:
        """A new client, closed with the database; `options` are redis-py's."""
        where = self.address
        client = redis.Redis(
            host=where.host,
            port=where.port,
            db=int(where.name),
            username=where.user,
            password=where.password,
            **options,
        )
        self._clients.callback(client.close)
        return client


class NatsAccount(OwnDatabase):
    """An account with the seeded streams. Other accounts see none of its subjects."""

    async def connect(self, **options: Any) -> Client:
        """A new connection, which the test closes (`async with`); `options` are nats-py's.

        NATS' client is asynchronous, so that there is none that would be made outside of a test's own event loop.
        """
        where = self.address
        return await nats.connect(
            f"nats://{where.host}:{where.port}", user=where.user, password=where.password, **options
        )
