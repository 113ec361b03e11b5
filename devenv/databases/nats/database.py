"""NATS JetStream as devenv's database: streams, consumers, key-value buckets and object stores.

JetStream has no transaction over streams: a reset is whole for each stream, one after the other. Streams that are as
they should be are not touched, so their clients notice nothing; those of others find their stream and durable
consumers again, under the same names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from nats.errors import Error as NatsError

from devenv.databases.database import Address, AppliedMigration
from devenv.databases.nats.account import SEEDING_USER, STATES_USER, Account, ApiError, account
from devenv.databases.nats.lock import locked
from devenv.databases.nats.seeding import aging, apply_seeds
from devenv.databases.nats.seeds import read_seeds
from devenv.databases.nats.snapshots import NatsSnapshots
from devenv.databases.nats.states import PRISTINE, State, StateStore
from devenv.errors import DatabaseError

T = TypeVar("T")
_LIVE_MARK = "live-prepared"


class Nats:
    """One NATS server. There are no migrations: what a fresh one holds are the seeds."""

    def __init__(self, address: Address, runner: asyncio.Runner, live: Account, states: Account) -> None:
        self._address = address
        self._runner = runner
        self._live = live
        self._states = states
        self._snapshots = NatsSnapshots(self._change, lambda: self._look(StateStore.snapshots))

    @classmethod
    @contextmanager
    def connect(cls, address: Address) -> Iterator[Self]:
        """A connection for a few calls; raises DatabaseError when the server does not answer or refuses the login."""
        with asyncio.Runner() as runner:
            stack = AsyncExitStack()

            async def enter(user: str) -> Account:
                return await stack.enter_async_context(account(address, user))

            try:
                yield cls(address, runner, runner.run(enter(address.user)), runner.run(enter(STATES_USER)))
            finally:
                runner.run(stack.aclose())

    def prepare(self, content: str, seeds: Sequence[Path], *, fresh: bool = False) -> bool:
        """See `Database.prepare`. A fresh server is an empty one."""
        del fresh

        async def prepare(store: StateStore, live: Account) -> bool:
            state = await store.find(PRISTINE)
            if state is None or state.content != content:
                state = await self._make_pristine(store, content, seeds)
            if await store.marked(_LIVE_MARK):
                return False
            kept = bool(await live.streams()) and await store.differs(state, live)
            if not kept:
                await store.put_in_place(state, live)
            await store.mark(_LIVE_MARK)
            return kept

        return self._change("keep its pristine state", prepare)

    def pristine(self) -> str:
        """The `content` of the last `prepare`; empty when there is no pristine state."""

        async def find(store: StateStore) -> str:
            state = await store.find(PRISTINE)
            return state.content if state else ""

        return self._look(find)

    def make_spare(self) -> None:
        """Nothing: a stream cannot be renamed, so that a spare one would be of no use."""

    def reset(self) -> None:
        """Delete what is not in the pristine state, and restore what differs from it."""

        async def reset(store: StateStore, live: Account) -> None:
            state = await store.find(PRISTINE)
            if state is None:
                raise DatabaseError("nats has no pristine state to return to", hint="devenv up")
            await store.put_in_place(state, live)

        self._change("be reset", reset)

    def empty(self) -> None:
        """Delete every stream and the pristine state; snapshots stay."""

        async def empty(store: StateStore, live: Account) -> None:
            await store.unmark(_LIVE_MARK)
            await store.remove(PRISTINE)
            for name in await live.streams():
                await live.delete_stream(name)

        self._change("be emptied", empty)

    def touched(self) -> bool:
        """See `Database.touched`: by what a reset would have to do."""

        async def compare(store: StateStore) -> bool:
            state = await store.find(PRISTINE)
            return state is None or await store.differs(state, self._live)

        return self._look(compare)

    def applied(self) -> tuple[AppliedMigration, ...]:
        """None: NATS has no schema."""
        return ()

    @property
    def snapshots(self) -> NatsSnapshots:
        """Named states of this server."""
        return self._snapshots

    async def _make_pristine(self, store: StateStore, content: str, files: Sequence[Path]) -> State:
        """Make the seeds' streams in their own account and archive them; live data is not touched."""
        seeds = read_seeds(files)
        async with account(self._address, SEEDING_USER) as seeding:
            for name in await seeding.streams():
                await seeding.delete_stream(name)
            await apply_seeds(seeding, seeds)
            state = await store.capture(PRISTINE, seeding, content=content, aging=aging(seeds))
            for name in state.streams:
                await seeding.delete_stream(name)
        return state

    def _change(self, what: str, change: Callable[[StateStore, Account], Coroutine[Any, Any, T]]) -> T:
        """Run what alters something, one at a time on the whole server."""

        async def run() -> T:
            async with locked(self._states):
                return await change(await StateStore.open(self._states), self._live)

        return self._run(what, run())

    def _look(self, read: Callable[[StateStore], Coroutine[Any, Any, T]]) -> T:
        async def run() -> T:
            return await read(await StateStore.open(self._states))

        return self._run("tell its states", run())

    def _run(self, what: str, task: Coroutine[Any, Any, T]) -> T:
        try:
            return self._runner.run(task)
        except (ApiError, NatsError, TimeoutError) as error:
            raise DatabaseError(f"nats could not {what}", context={"cause": str(error) or "no answer"}) from error
