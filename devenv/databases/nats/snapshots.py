"""Named states of a NATS server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from devenv.databases.nats.server import Server
from devenv.databases.nats.states import StateStore, snapshot_key
from devenv.databases.snapshots import Snapshot


class NatsSnapshots:
    """See `devenv.databases.snapshots.NamedStates`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._store = StateStore(server.states)

    def found(self) -> Iterator[Snapshot]:
        for name, state in self._server.run(self._store.snapshots()).items():
            yield Snapshot(name, datetime.fromisoformat(state.taken), state.size_bytes)

    def keep(self, name: str) -> None:
        """An archive of every stream, each as it is at one moment."""
        self._server.run(self._store.capture(snapshot_key(name), self._server.live))

    def bring_back(self, name: str) -> None:
        state = self._server.run(self._store.snapshots())[name]
        self._server.run(self._store.put_in_place(state, self._server.live))

    def drop(self, name: str) -> None:
        self._server.run(self._store.remove(snapshot_key(name)))
