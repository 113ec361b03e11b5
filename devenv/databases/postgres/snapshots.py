"""Named states of a PostgreSQL database: copies that nobody connects to, with the time in their marks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from devenv.databases.postgres.server import Server
from devenv.databases.snapshots import Snapshot


class PostgresSnapshots:
    """See `devenv.databases.snapshots.NamedStates`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._name = server.address.name
        self._prefix = f"{self._name}_snapshot_"

    def found(self) -> Iterator[Snapshot]:
        """A copy without a mark was never completed."""
        for facts in self._server.find(self._prefix):
            if facts.mark:
                name = facts.name.removeprefix(self._prefix)
                yield Snapshot(name, datetime.fromisoformat(facts.mark), facts.size_bytes)

    def keep(self, name: str) -> None:
        """Clients of the live database are disconnected while it is copied."""
        self._put(f"{self._name}_saving", self._name, self._prefix + name, datetime.now(UTC).isoformat())

    def bring_back(self, name: str) -> None:
        mark = self._server.mark(self._name) or "restored"
        self._put(f"{self._name}_restoring", self._prefix + name, self._name, mark)

    def drop(self, name: str) -> None:
        self._server.drop(self._prefix + name)

    def _put(self, made: str, source: str, target: str, mark: str) -> None:
        """Copy one database, then put the copy in another's place."""
        old = f"{self._name}_old"
        self._server.copy(source, made, mark)
        self._server.replace(target, made, old, mark, like=source)
        self._server.drop(old)
