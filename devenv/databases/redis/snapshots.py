"""Named states of a Redis server, kept in its control database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from devenv.databases.redis import states
from devenv.databases.redis.layout import SNAPSHOTS
from devenv.databases.redis.server import Server
from devenv.databases.snapshots import Snapshot


class RedisSnapshots:
    """See `devenv.databases.snapshots.NamedStates`."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def found(self) -> Iterator[Snapshot]:
        for name, state in states.snapshots(self._server).items():
            yield Snapshot(name, datetime.fromisoformat(state.taken), state.size_bytes)

    def keep(self, name: str) -> None:
        """All databases as they are at one moment."""
        state = states.capture(self._server, 0)
        self._server.call("HSET", SNAPSHOTS, name, state.text)
        states.sweep(self._server)

    def bring_back(self, name: str) -> None:
        states.put_in_place(self._server, states.snapshots(self._server)[name])
        states.empty_spares(self._server)
        if pristine := states.pristine(self._server):
            states.fill_spares(self._server, pristine)

    def drop(self, name: str) -> None:
        self._server.call("HDEL", SNAPSHOTS, name)
        states.sweep(self._server)
