"""The pristine state of a NATS server: streams, consumers, key-value buckets and object stores.

JetStream has no transaction over streams: a reset is whole for each stream, one after the other. Streams that are as
they should be are not touched, so their clients notice nothing; those of others find their stream and durable
consumers again, under the same names.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from devenv.databases.access import Access
from devenv.databases.nats.account import SEEDING_USER, account
from devenv.databases.nats.seeding import aging, apply_seeds
from devenv.databases.nats.seeds import NatsSeeds, read_seeds
from devenv.databases.nats.server import Server
from devenv.databases.nats.states import PRISTINE, State, StateStore

_LIVE_MARK = "live-prepared"


class NatsCopies:
    """See `devenv.databases.database.Copies`. There are no migrations: what a fresh server holds are the seeds."""

    def __init__(self, server: Server, access: Access) -> None:
        self._server = server
        self._access = access
        self._store = StateStore(server.states)

    def pristine(self) -> str:
        state = self._server.run(self._store.find(PRISTINE))
        return state.content if state else ""

    def live_mark(self) -> str:
        return self._server.run(self._store.mark(_LIVE_MARK))

    def note_live(self, mark: str) -> None:
        self._server.run(self._store.set_mark(_LIVE_MARK, mark))

    def make_pristine(self, content: str, seeds: Sequence[Path]) -> None:
        """Made in an account of their own and archived; live data is not touched."""
        if self.pristine() != content:
            self._server.run(self._seed(content, read_seeds(seeds)))

    def make_spare(self) -> None:
        """Nothing: a stream cannot be renamed, so that a spare one would be of no use."""

    def replace_live(self, content: str) -> None:
        """What is not in the pristine state is deleted, what differs from it restored."""
        state = self._server.run(self._store.find(PRISTINE))
        if state is None:
            raise self._access.no_pristine()
        self._server.run(self._store.put_in_place(state, self._server.live))
        self.note_live(content)

    async def _seed(self, content: str, seeds: NatsSeeds) -> State:
        async with account(self._server.address, SEEDING_USER) as seeding:
            for name in await seeding.streams():
                await seeding.delete_stream(name)
            await apply_seeds(seeding, seeds)
            state = await self._store.capture(PRISTINE, seeding, content=content, aging=aging(seeds))
            for name in state.streams:
                await seeding.delete_stream(name)
        return state
