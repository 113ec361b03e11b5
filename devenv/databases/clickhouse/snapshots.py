"""Named states of a ClickHouse database: copies with the name and the time in their comments."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

from devenv.databases.clickhouse.server import Server
from devenv.databases.clickhouse.transfer import copy, turn_into
from devenv.databases.database import Snapshot
from devenv.databases.host_lock import host_lock
from devenv.errors import SnapshotError

_SIZES = """
SELECT database, sum(total_bytes) AS bytes FROM system.tables
WHERE startsWith(database, {prefix:String}) GROUP BY database
"""


class ClickHouseSnapshots:
    """See `devenv.databases.database.Snapshots`."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self._name = name
        self._prefix = f"{name}_snapshot_"

    def save(self, name: str) -> None:
        """See `Snapshots.save`. Each table is kept as of one moment, not all as of the same."""
        with host_lock(self._server.address):
            former = [database for database, snapshot in self._found().items() if snapshot.name == name]
            comment = json.dumps({"name": name, "taken": datetime.now(UTC).isoformat()})
            copy(self._server, self._name, self._prefix + uuid.uuid4().hex, comment)
            self._server.drop([*former, *self._incomplete()])

    def restore(self, name: str) -> None:
        """See `Snapshots.restore`."""
        with host_lock(self._server.address):
            scratch = f"{self._name}_scratch"
            turn_into(self._server, self._name, self._database(name), scratch)
            self._server.drop([scratch])

    def list(self) -> tuple[Snapshot, ...]:
        """See `Snapshots.list`."""
        return tuple(sorted(self._found().values(), key=lambda snapshot: snapshot.taken))

    def remove(self, name: str) -> None:
        """See `Snapshots.remove`."""
        with host_lock(self._server.address):
            self._server.drop([self._database(name)])

    def _found(self) -> dict[str, Snapshot]:
        sizes = {row["database"]: int(row["bytes"] or 0) for row in self._server.rows(_SIZES, prefix=self._prefix)}
        notes = {name: json.loads(note) for name, note in self._server.databases(self._prefix).items() if note}
        return {
            name: Snapshot(note["name"], datetime.fromisoformat(note["taken"]), sizes.get(name, 0))
            for name, note in notes.items()
        }

    def _incomplete(self) -> tuple[str, ...]:
        """Copies that were begun by a run that was killed."""
        return tuple(name for name, note in self._server.databases(self._prefix).items() if not note)

    def _database(self, name: str) -> str:
        for database, snapshot in self._found().items():
            if snapshot.name == name:
                return database
        raise SnapshotError(f"{self._name} has no snapshot {name}", hint="devenv db list")
