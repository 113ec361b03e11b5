"""Named states of a ClickHouse database: copies with the name and the time in their comments."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

from devenv.databases.clickhouse.server import Server
from devenv.databases.clickhouse.transfer import copy, turn_into
from devenv.databases.snapshots import Snapshot

_SIZES = """
SELECT database, sum(total_bytes) AS bytes FROM system.tables
WHERE startsWith(database, {prefix:String}) GROUP BY database
"""


class ClickHouseSnapshots:
    """See `devenv.databases.snapshots.NamedStates`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._name = server.address.name
        self._prefix = f"{self._name}_snapshot_"

    def found(self) -> list[Snapshot]:
        sizes = {row["database"]: int(row["bytes"] or 0) for row in self._server.rows(_SIZES, prefix=self._prefix)}
        return [
            Snapshot(note["name"], datetime.fromisoformat(note["taken"]), sizes.get(database, 0))
            for database, note in self._notes().items()
            if note
        ]

    def keep(self, name: str) -> None:
        """Each table is kept as of one moment, not all as of the same."""
        # Those without a note were begun by a run that was killed.
        former = [database for database, note in self._notes().items() if not note or note["name"] == name]
        comment = json.dumps({"name": name, "taken": datetime.now(UTC).isoformat()})
        copy(self._server, self._name, self._prefix + uuid.uuid4().hex, comment)
        self._server.drop(former)

    def bring_back(self, name: str) -> None:
        scratch = f"{self._name}_scratch"
        turn_into(self._server, self._name, self._database(name), scratch)
        self._server.drop([scratch])

    def drop(self, name: str) -> None:
        self._server.drop([self._database(name)])

    def _database(self, name: str) -> str:
        return next(database for database, note in self._notes().items() if note and note["name"] == name)

    def _notes(self) -> dict[str, dict[str, str] | None]:
        """Database to name and time; None of a copy that is not complete."""
        return {name: json.loads(note or "null") for name, note in self._server.databases(self._prefix).items()}
