"""One change of the whole server at a time: a lock that dies with the connection of its holder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from devenv.databases.redis.layout import LOCK, UNLOCKED
from devenv.databases.redis.server import Server

_LOOK_AGAIN_SECONDS = 1
"""After so long a waiter sees whether the holder still lives; a release wakes it at once."""
_TAKE_OVER = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) return 1 end return 0"
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('LPUSH', KEYS[2], 'free')
end
"""


@contextmanager
def locked(server: Server) -> Iterator[None]:
    """Hold the lock; waits for another holder, and takes over from one whose connection has ended."""
    mine = f"{_run_id(server)}:{server.call('CLIENT', 'ID')}".encode()
    while not server.call("SET", LOCK, mine, "NX"):
        holder: bytes | None = server.call("GET", LOCK)
        if holder is None:
            continue
        if not _lives(server, holder) and server.call("EVAL", _TAKE_OVER, 1, LOCK, holder, mine):
            break
        server.call("BLPOP", UNLOCKED, _LOOK_AGAIN_SECONDS)
    try:
        yield
    finally:
        server.call("EVAL", _RELEASE, 2, LOCK, UNLOCKED, mine)


def _lives(server: Server, holder: bytes) -> bool:
    """Whether the holder's connection is there. A server that was started anew counts clients from 1 again."""
    run_id, _, client = holder.decode().partition(":")
    return run_id == _run_id(server) and bool(server.call("CLIENT", "LIST", "ID", client).strip())


def _run_id(server: Server) -> str:
    lines: list[str] = server.call("INFO", "server").decode().splitlines()
    return next(line.partition(":")[2] for line in lines if line.startswith("run_id:"))
