"""States of all live databases: captured into the control database, filled into the spares, swapped in.

All of it happens inside the server. A state holds each key serialized (DUMP), and remaining times to live apart, so
that they begin to run when the state is put in place.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from devenv.databases.redis.layout import CONTROL, LAST_ID, LIVE, PRISTINE, SNAPSHOTS, SPARE, SPARE_ID, state_keys
from devenv.databases.redis.server import Call, Server
from devenv.errors import DatabaseError

_CAPTURE = """
local control, first, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local found, bytes = {}, 0
for offset = 0, count - 1 do
  redis.call('SELECT', first + offset)
  for _, key in ipairs(redis.call('KEYS', '*')) do
    local ttl = redis.call('PTTL', key)
    local value = redis.call('DUMP', key)
    if value then
      local field = offset .. ':' .. key
      found[#found + 1] = field .. redis.sha1hex(value)
      bytes = bytes + #key + #value
      if KEYS[1] then
        redis.call('SELECT', control)
        redis.call('HSET', KEYS[1], field, value)
        if ttl >= 0 then redis.call('HSET', KEYS[2], field, ttl) end
        redis.call('SELECT', first + offset)
      end
    end
  end
end
redis.call('SELECT', control)
table.sort(found)
return {#found, bytes, #found > 0 and redis.sha1hex(table.concat(found, ' ')) or ''}
"""
"""How many keys there are, their bytes and a digest of all; serialized into `KEYS`, where these are given."""
_FILL = """
local control, first = tonumber(ARGV[1]), tonumber(ARGV[2])
local page = redis.call('HSCAN', KEYS[1], ARGV[3], 'COUNT', 200)
for at = 1, #page[2], 2 do
  local separator = string.find(page[2][at], ':', 1, true)
  redis.call('SELECT', first + tonumber(string.sub(page[2][at], 1, separator - 1)))
  redis.call('RESTORE', string.sub(page[2][at], separator + 1), 0, page[2][at + 1], 'REPLACE')
end
redis.call('SELECT', control)
return page[1]
"""
_EXPIRE = """
local control = tonumber(ARGV[1])
local times = redis.call('HGETALL', KEYS[1])
for at = 1, #times, 2 do
  local separator = string.find(times[at], ':', 1, true)
  redis.call('SELECT', tonumber(string.sub(times[at], 1, separator - 1)))
  redis.call('PEXPIRE', string.sub(times[at], separator + 1), times[at + 1])
end
redis.call('SELECT', control)
"""


@dataclass(frozen=True, slots=True)
class State:
    """What is noted of a state; it is whole once this is there."""

    id: int
    keys: int
    size_bytes: int
    taken: str
    """ISO 8601."""
    content: str = ""
    digest: str = ""
    """Of its keys; empty where it has none, or was kept by an earlier version."""

    @classmethod
    def read(cls, text: bytes) -> Self:
        """The state of its JSON."""
        return cls(**json.loads(text))

    @property
    def text(self) -> str:
        """The state as JSON."""
        return json.dumps(asdict(self))


def capture(server: Server, first: int, content: str = "") -> State:
    """Serialize the databases from `first` on, as they are at one moment."""
    state_id = int(server.call("INCR", LAST_ID))
    data, times, functions = state_keys(state_id)
    (keys, size, digest_of_keys), dump = server.transaction(
        [("EVAL", _CAPTURE, 2, data, times, CONTROL, first, LIVE), ("FUNCTION", "DUMP")]
    )
    server.call("SET", functions, dump)
    return State(state_id, keys, size, datetime.now(UTC).isoformat(), content, digest_of_keys.decode())


def digest(server: Server, first: int) -> str:
    """Of all keys in the databases from `first` on, times to live left out; empty where there is none."""
    found: bytes = server.call("EVAL", _CAPTURE, 0, CONTROL, first, LIVE)[2]
    return found.decode()


def put_in_place(server: Server, state: State, *, also: tuple[Call, ...] = ()) -> None:
    """Make a state the live one, at one moment for all clients.

    Args:
        server: holds the lock.
        state: what the live databases shall hold.
        also: commands that belong to the change, in the control database.
    """
    fill_spares(server, state)
    _, times, functions = state_keys(state.id)
    dump = server.call("GET", functions)
    server.transaction(
        [
            ("DEL", SPARE_ID),
            *(("SWAPDB", index, SPARE + index) for index in range(LIVE)),
            ("EVAL", _EXPIRE, 1, times, CONTROL),
            ("FUNCTION", "RESTORE", dump, "FLUSH"),
            *also,
        ]
    )


def fill_spares(server: Server, state: State) -> None:
    """Make the spare databases hold a state, unless they do.

    Raises:
        DatabaseError: part of the state is gone, as when the server evicts keys.
    """
    if server.call("GET", SPARE_ID) == str(state.id).encode():
        return
    empty_spares(server)
    data, _, _ = state_keys(state.id)
    if int(server.call("HLEN", data)) != state.keys:
        raise DatabaseError(
            "a kept state of redis is no longer whole",
            context={"keys": f"{server.call('HLEN', data)} of {state.keys}", "cause": "the server may evict keys"},
            hint="use maxmemory-policy noeviction, then: devenv up",
        )
    cursor: Any = b"0"
    while True:
        cursor = server.call("EVAL", _FILL, 1, data, CONTROL, SPARE, cursor)
        if cursor == b"0":
            break
    server.call("SET", SPARE_ID, state.id)


def empty_spares(server: Server) -> None:
    """Leave the spare databases without a key; memory is freed in the background."""
    flushes: list[Call] = []
    for index in range(LIVE):
        flushes += [("SELECT", SPARE + index), ("FLUSHDB", "ASYNC")]
    server.each([("DEL", SPARE_ID), *flushes, ("SELECT", CONTROL)])


def pristine(server: Server) -> State | None:
    """The pristine state, if there is one."""
    text = server.call("GET", PRISTINE)
    return State.read(text) if text else None


def snapshots(server: Server) -> dict[str, State]:
    """All named states."""
    flat: list[bytes] = server.call("HGETALL", SNAPSHOTS)
    return {name.decode(): State.read(text) for name, text in zip(flat[::2], flat[1::2], strict=True)}


def sweep(server: Server) -> None:
    """Drop the data of states that nothing names: replaced ones, and what a run that was stopped left behind."""
    known = pristine(server)
    kept = {key for state in (*snapshots(server).values(), *([known] if known else [])) for key in state_keys(state.id)}
    unnamed = [key for key in server.call("KEYS", "state:*") if key.decode() not in kept]
    if unnamed:
        server.call("UNLINK", *unnamed)
