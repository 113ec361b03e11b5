"""A logical database for one test: like the pristine database 0, seen by nobody else, empty again afterwards.

Responsible for which is free and for what is in it. Channels, functions and the server's configuration belong to the
server: all databases have them in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

from redis.exceptions import ResponseError

from devenv.adapters.files.leases import Lease, lease_for_test
from devenv.databases.address import Address
from devenv.databases.redis import states
from devenv.databases.redis.layout import CONTROL, TESTS, TESTS_COUNT, state_keys
from devenv.databases.redis.server import Server, translate_errors
from devenv.errors import DatabaseError

_COPY = """
local control, target = tonumber(ARGV[1]), tonumber(ARGV[2])
local page = redis.call('HSCAN', KEYS[1], ARGV[3], 'MATCH', '0:*', 'COUNT', 200)
for at = 1, #page[2], 2 do
  local ttl = redis.call('HGET', KEYS[2], page[2][at]) or 0
  redis.call('SELECT', target)
  redis.call('RESTORE', string.sub(page[2][at], 3), ttl, page[2][at + 1], 'REPLACE')
  redis.call('SELECT', control)
end
return page[1]
"""
"""Part of what a state has of database 0, with times to live that begin now."""


@contextmanager
def own_database(address: Address, *, empty: bool = False) -> Iterator[tuple[Address, Lease]]:
    """A logical database of one's own until the block ends, and the lease by which it can be kept for longer.

    It has the seeds of database 0, unless it is to be empty.

    Raises:
        DatabaseError: the server does not answer, has no pristine state, or all of these databases are in use.
    """
    with lease_for_test(f"redis-{address.port}", TESTS_COUNT, "logical databases") as held:
        index = TESTS + held.number
        with closing(Server.connect(address)) as server, translate_errors("prepare a Redis database for a test"):
            _empty(server, index)
            if not empty:
                _fill(server, index)
        yield replace(address, name=str(index)), held
        if not held.keep:
            with closing(Server.connect(address)) as server, translate_errors("empty a test's Redis database"):
                _empty(server, index)


def _empty(server: Server, index: int) -> None:
    try:
        server.call("SELECT", index)
    except ResponseError as error:
        raise DatabaseError(
            "redis has no logical databases for tests",
            context={"cause": str(error)},
            hint=f"set `databases {TESTS + TESTS_COUNT}` in its configuration, then: devenv up",
        ) from error
    server.each([("FLUSHDB", "ASYNC"), ("SELECT", CONTROL)])


def _fill(server: Server, index: int) -> None:
    state = states.pristine(server)
    if state is None:
        raise DatabaseError("redis has no pristine state: its seeds have not run", hint="devenv up")
    data, times, _ = state_keys(state.id)
    cursor: Any = b"0"
    while True:
        cursor = server.call("EVAL", _COPY, 2, data, times, CONTROL, index, cursor)
        if cursor == b"0":
            return
