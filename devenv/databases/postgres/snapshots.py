"""Named states of a PostgreSQL database: copies that nobody connects to, with the time in their marks."""

from __future__ import annotations

from datetime import UTC, datetime

from devenv.databases.database import Snapshot
from devenv.databases.postgres.connection import translate_errors
from devenv.databases.postgres.server import Server
from devenv.errors import SnapshotError


class PostgresSnapshots:
    """See `devenv.databases.database.Snapshots`."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self._name = name
        self._prefix = f"{name}_snapshot_"

    def save(self, name: str) -> None:
        """See `Snapshots.save`; clients of the live database are disconnected while it is copied."""
        made, old = f"{self._name}_saving", f"{self._name}_old"
        with translate_errors(f"save snapshot {name}"), self._server.lock(self._name):
            taken = datetime.now(UTC).isoformat()
            self._server.copy(self._name, made, taken)
            self._server.replace(self._prefix + name, made, old, taken, like=self._name)
            self._server.drop(old)

    def restore(self, name: str) -> None:
        """See `Snapshots.restore`."""
        made, old = f"{self._name}_restoring", f"{self._name}_old"
        with translate_errors(f"restore snapshot {name}"), self._server.lock(self._name):
            self._require(name)
            mark = self._server.mark(self._name) or "restored"
            self._server.copy(self._prefix + name, made, mark)
            self._server.replace(self._name, made, old, mark, like=self._prefix + name)
            self._server.drop(old)

    def list(self) -> tuple[Snapshot, ...]:
        """See `Snapshots.list`; a copy without a mark was never completed."""
        with translate_errors(f"list the snapshots of {self._name}"):
            found = [facts for facts in self._server.find(self._prefix) if facts.mark]
        snapshots = [
            Snapshot(facts.name.removeprefix(self._prefix), datetime.fromisoformat(facts.mark), facts.size_bytes)
            for facts in found
        ]
        return tuple(sorted(snapshots, key=lambda snapshot: snapshot.taken))

    def remove(self, name: str) -> None:
        """See `Snapshots.remove`."""
        with translate_errors(f"remove snapshot {name}"), self._server.lock(self._name):
            self._require(name)
            self._server.drop(self._prefix + name)

    def _require(self, name: str) -> None:
        if not self._server.mark(self._prefix + name):
            raise SnapshotError(f"{self._name} has no snapshot {name}", hint="devenv db list")
