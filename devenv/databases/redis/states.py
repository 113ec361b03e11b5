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
from devenv.databases.redis.link import Call, Link
from devenv.errors import DatabaseError

_CAPTURE = """
local control, first, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local keys, bytes = 0, 0
for offset = 0, count - 1 do
  redis.call('SELECT', first + offset)
  for _, key in ipairs(redis.call('KEYS', '*')) do
    local ttl = redis.call('PTTL', key)
    local value = redis.call('DUMP', key)
    if value then
      local field = offset .. ':' .. key
      redis.call('SELECT', control)
      redis.call('HSET', KEYS[1], field, value)
      if ttl >= 0 then redis.call('HSET', KEYS[2], field, ttl) end
      redis.call('SELECT', first + offset)
      keys = keys + 1
      bytes = bytes + #key + #value
    end
  end
end
redis.call('SELECT', control)
return {keys, bytes}
"""
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


_COMPARE = """
local control, count, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local found = 0
for index = 0, count - 1 do
  redis.call('SELECT', index)
  found = found + redis.call('DBSIZE')
end
if found ~= wanted then return 1 end
for index = 0, count - 1 do
  redis.call('SELECT', index)
  for _, key in ipairs(redis.call('KEYS', '*')) do
    local value = redis.call('DUMP', key)
    redis.call('SELECT', control)
    if redis.call('HGET', KEYS[1], index .. ':' .. key) ~= value then return 1 end
    redis.call('SELECT', index)
  end
end
redis.call('SELECT', control)
return 0
"""
"""Whether the live databases hold anything else than a state; times to live pass, and do not count."""


@dataclass(frozen=True, slots=True)
class State:
    """What is noted of a state; it is whole once this is there."""

    id: int
    keys: int
    size_bytes: int
    taken: str
    """ISO 8601."""
    content: str = ""

    @classmethod
    def read(cls, text: bytes) -> Self:
        """The state of its JSON."""
        return cls(**json.loads(text))

    @property
    def text(self) -> str:
        """The state as JSON."""
        return json.dumps(asdict(self))


def capture(link: Link, first: int, content: str = "") -> State:
    """Serialize the databases from `first` on, as they are at one moment."""
    state_id = int(link.call("INCR", LAST_ID))
    data, times, functions = state_keys(state_id)
    (keys, size), dump = link.transaction(
        [("EVAL", _CAPTURE, 2, data, times, CONTROL, first, LIVE), ("FUNCTION", "DUMP")]
    )
    link.call("SET", functions, dump)
    return State(state_id, keys, size, datetime.now(UTC).isoformat(), content)


def may_replace(link: Link, state: State) -> bool:
    """Whether the live databases hold nothing but what a state has, and the server no other functions."""
    sizes = link.each([call for index in range(LIVE) for call in (("SELECT", index), ("DBSIZE",))])
    link.call("SELECT", CONTROL)
    has_other_keys = any(sizes[1::2]) and _has_other_keys(link, state)
    has_other_functions = link.call("FUNCTION", "LIST") and _has_other_functions(link, state)
    return not (has_other_keys or has_other_functions)


def differs(link: Link, state: State) -> bool:
    """Whether the live databases hold other keys than a state, or other values, or the server other functions."""
    return _has_other_functions(link, state) or _has_other_keys(link, state)


def _has_other_keys(link: Link, state: State) -> bool:
    data, _, _ = state_keys(state.id)
    return bool(link.call("EVAL", _COMPARE, 1, data, CONTROL, LIVE, state.keys))


def _has_other_functions(link: Link, state: State) -> bool:
    _, _, functions = state_keys(state.id)
    return bool(link.call("FUNCTION", "DUMP") != link.call("GET", functions))


def put_in_place(link: Link, state: State, *, also: tuple[Call, ...] = ()) -> None:
    """Make a state the live one, at one moment for all clients.

    Args:
        link: holds the lock.
        state: what the live databases shall hold.
        also: commands that belong to the change, in the control database.
    """
    fill_spares(link, state)
    _, times, functions = state_keys(state.id)
    dump = link.call("GET", functions)
    link.transaction(
        [
            ("DEL", SPARE_ID),
            *(("SWAPDB", index, SPARE + index) for index in range(LIVE)),
            ("EVAL", _EXPIRE, 1, times, CONTROL),
            ("FUNCTION", "RESTORE", dump, "FLUSH"),
            *also,
        ]
    )


def fill_spares(link: Link, state: State) -> None:
    """Make the spare databases hold a state, unless they do.

    Raises:
        DatabaseError: part of the state is gone, as when the server evicts keys.
    """
    if link.call("GET", SPARE_ID) == str(state.id).encode():
        return
    empty_spares(link)
    data, _, _ = state_keys(state.id)
    if int(link.call("HLEN", data)) != state.keys:
        raise DatabaseError(
            "a kept state of redis is no longer whole",
            context={"keys": f"{link.call('HLEN', data)} of {state.keys}", "cause": "the server may evict keys"},
            hint="use maxmemory-policy noeviction, then: devenv up",
        )
    cursor: Any = b"0"
    while True:
        cursor = link.call("EVAL", _FILL, 1, data, CONTROL, SPARE, cursor)
        if cursor == b"0":
            break
    link.call("SET", SPARE_ID, state.id)


def empty_spares(link: Link) -> None:
    """Leave the spare databases without a key; memory is freed in the background."""
    link.each([("DEL", SPARE_ID), *flushes(SPARE)])


def flushes(first: int) -> list[Call]:
    """Commands that empty the databases from `first` on and return to the control database."""
    emptied: list[Call] = []
    for index in range(LIVE):
        emptied += [("SELECT", first + index), ("FLUSHDB", "ASYNC")]
    return [*emptied, ("SELECT", CONTROL)]


def pristine(link: Link) -> State | None:
    """The pristine state, if there is one."""
    text = link.call("GET", PRISTINE)
    return State.read(text) if text else None


def snapshots(link: Link) -> dict[str, State]:
    """All named states."""
    flat: list[bytes] = link.call("HGETALL", SNAPSHOTS)
    return {name.decode(): State.read(text) for name, text in zip(flat[::2], flat[1::2], strict=True)}


def sweep(link: Link) -> None:
    """Drop the data of states that nothing names: replaced ones, and what a run that was stopped left behind."""
    known = pristine(link)
    kept = {key for state in (*snapshots(link).values(), *([known] if known else [])) for key in state_keys(state.id)}
    unnamed = [key for key in link.call("KEYS", "state:*") if key.decode() not in kept]
    if unnamed:
        link.call("UNLINK", *unnamed)
