"""States of all streams of an account: archived into the states' account, and put in place from there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from nats.js.errors import KeyNotFoundError, NotFoundError
from nats.js.kv import KeyValue
from nats.nuid import NUID

from devenv.databases.nats.account import Account, Json
from devenv.databases.nats.archives import archive, restore
from devenv.databases.nats.difference import difference, fingerprint
from devenv.databases.nats.seeding import make_stream
from devenv.databases.nats.seeds import Stream
from devenv.errors import DatabaseError

INDEX_BUCKET = "states"
PRISTINE = "pristine"
_SUBJECTS = f"$KV.{INDEX_BUCKET}."
_ARCHIVES = "archives-"
_SNAPSHOT = "snapshot."


@dataclass(frozen=True, slots=True)
class State:
    """What is noted of a state; it is whole once this is there."""

    id: str
    taken: str
    """ISO 8601."""
    size_bytes: int
    streams: dict[str, Json]
    """By name: `described` as the server takes it for restoring, `fingerprint` as it is compared, `seeds` where the
    stream is made anew instead."""
    content: str = ""

    @classmethod
    def read(cls, data: bytes) -> Self:
        """The state of its JSON."""
        return cls(**json.loads(data))

    @property
    def fingerprints(self) -> dict[str, Json]:
        """What is compared of each stream."""
        return {name: entry["fingerprint"] for name, entry in self.streams.items()}

    @property
    def data(self) -> bytes:
        """The state as JSON."""
        return json.dumps(asdict(self)).encode()


class StateStore:
    """The states of one server: an index of them, and an object store with the archives of each."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def capture(
        self, key: str, account: Account, *, content: str = "", aging: Mapping[str, Stream] | None = None
    ) -> State:
        """Archive every stream of an account under a key, instead of what is there.

        Args:
            key: what the state is found by.
            account: whose streams.
            content: noted with the state.
            aging: seeds of streams whose messages expire: these are made anew, so that their time begins anew.
        """
        state_id = NUID().next().decode()
        archives = await self._account.jetstream.create_object_store(bucket=f"{_ARCHIVES}{state_id}")
        seeds = dict(aging or {})
        names = sorted(await account.streams())
        kept = await asyncio.gather(*(_capture(archives, account, name, seeds.get(name)) for name in names))
        streams = {name: entry for name, (entry, _) in zip(names, kept, strict=True)}
        state = State(state_id, datetime.now(UTC).isoformat(), sum(size for _, size in kept), streams, content)
        await (await self._index()).put(key, state.data)
        await self.sweep()
        return state

    async def put_in_place(self, state: State, live: Account) -> None:
        """Make the live account hold a state, touching only what differs from it."""
        found = await fingerprints(live)
        todo = difference(found, state.fingerprints)
        seeded = [name for name in todo.restored if state.streams[name]["seeds"]]
        archived = [name for name in todo.restored if not state.streams[name]["seeds"]]
        archives = await asyncio.gather(*(self._archive(state, name) for name in archived))
        # Subjects may not be in two streams: whatever goes has to go first.
        gone = [*todo.deleted, *(name for name in todo.restored if name in found)]
        await asyncio.gather(*(live.delete_stream(name) for name in gone))
        await asyncio.gather(
            *(
                restore(live, name, state.streams[name]["described"], data)
                for name, data in zip(archived, archives, strict=True)
            ),
            *(make_stream(live, Stream.model_validate(state.streams[name]["seeds"])) for name in seeded),
            *(live.request(f"CONSUMER.DELETE.{stream}.{consumer}") for stream, consumer in todo.surplus),
        )

    async def find(self, key: str) -> State | None:
        """The state of a key, if there is one."""
        data = await self._get(key)
        return State.read(data) if data else None

    async def snapshots(self) -> dict[str, State]:
        """All named states."""
        await self._index()
        keys = [subject.removeprefix(_SUBJECTS) for subject in await self._account.subjects(f"KV_{INDEX_BUCKET}")]
        found = {key: await self.find(key) for key in keys if key.startswith(_SNAPSHOT)}
        return {snapshot_name(key): state for key, state in found.items() if state}

    async def remove(self, key: str) -> None:
        """Drop a state and its archives."""
        await (await self._index()).purge(key)
        await self.sweep()

    async def mark(self, key: str) -> str:
        """What is noted under a key; empty where nothing is."""
        return (await self._get(key)).decode()

    async def set_mark(self, key: str, text: str) -> None:
        """Note something."""
        await (await self._index()).put(key, text.encode())

    async def sweep(self) -> None:
        """Drop the archives of states that nothing names: replaced ones, and what a stopped run left behind."""
        pristine = await self.find(PRISTINE)
        known = [*(await self.snapshots()).values(), *([pristine] if pristine else [])]
        kept = {f"OBJ_{_ARCHIVES}{state.id}" for state in known}
        for name in await self._account.streams():
            if name.startswith(f"OBJ_{_ARCHIVES}") and name not in kept:
                await self._account.delete_stream(name)

    async def _index(self) -> KeyValue:
        """The bucket with what is noted, made when it is not there."""
        return await self._account.jetstream.create_key_value(bucket=INDEX_BUCKET)

    async def _get(self, key: str) -> bytes:
        try:
            return (await (await self._index()).get(key)).value or b""
        except KeyNotFoundError:
            return b""

    async def _archive(self, state: State, name: str) -> bytes:
        try:
            archives = await self._account.jetstream.object_store(f"{_ARCHIVES}{state.id}")
            found = await archives.get(name)
        except NotFoundError as error:
            raise DatabaseError(
                "a kept state of nats is no longer whole",
                context={"cause": f"the archive of stream {name} is missing"},
                hint="devenv up",
            ) from error
        return found.data or b""


async def _capture(archives: Any, account: Account, name: str, seeds: Stream | None) -> tuple[Json, int]:
    described, data = await archive(account, name)
    entry = {
        "described": described,
        "fingerprint": fingerprint(described, await account.consumers(name)),
        "seeds": seeds.model_dump(mode="json") if seeds else None,
    }
    await archives.put(name, data)
    return entry, len(data)


async def fingerprints(account: Account) -> dict[str, Json]:
    """What is compared of every stream of an account."""
    streams = await account.streams()
    consumers = await asyncio.gather(*(_consumers(account, stream) for stream in streams.values()))
    return {name: fingerprint(streams[name], found) for name, found in zip(streams, consumers, strict=True)}


async def _consumers(account: Account, stream: Json) -> Mapping[str, Json]:
    return await account.consumers(stream["config"]["name"]) if stream["state"].get("consumer_count") else {}


def snapshot_key(name: str) -> str:
    """The key of a named state; keys take fewer characters than names have."""
    return _SNAPSHOT + name.encode().hex()


def snapshot_name(key: str) -> str:
    """The name of a snapshot's key."""
    return bytes.fromhex(key.removeprefix(_SNAPSHOT)).decode()
