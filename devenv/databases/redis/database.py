"""One Redis server, as devenv uses any database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from devenv.databases.access import Access
from devenv.databases.address import Address
from devenv.databases.database import Database
from devenv.databases.redis.comparison import RedisComparison
from devenv.databases.redis.copies import RedisCopies
from devenv.databases.redis.lock import locked
from devenv.databases.redis.server import Server, translate_errors
from devenv.databases.redis.snapshots import RedisSnapshots


@contextmanager
def open_redis(address: Address) -> Iterator[Database]:
    """See `devenv.databases.engines.open_database`."""
    with closing(Server.connect(address)) as server:
        access = Access("Redis", partial(locked, server), translate_errors)
        yield Database(address, access, RedisCopies(server, access), RedisComparison(server), RedisSnapshots(server))
