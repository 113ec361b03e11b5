"""Named states of Meilisearch: sets of indexes, noted with name and time."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from devenv.databases.database import Snapshot
from devenv.databases.host_lock import host_lock
from devenv.databases.meilisearch.copies import IndexSets
from devenv.databases.meilisearch.server import INDEX_NOT_FOUND, Json, RefusedError, Server
from devenv.errors import SnapshotError

_KEY = "snapshot-"
_RESTORING = "restoring"


class MeilisearchSnapshots:
    """See `devenv.databases.database.Snapshots`."""

    def __init__(self, server: Server, sets: IndexSets) -> None:
        self._server = server
        self._sets = sets

    def save(self, name: str) -> None:
        """See `Snapshots.save`. Each index is kept as of one moment, not all as of the same."""
        with host_lock(self._server.address):
            former = self._notes().get(name)
            label = f"snapshot{uuid.uuid4().hex}"
            self._sets.copy(None, label)
            note = {"id": _KEY + name, "name": name, "set": label, "taken": datetime.now(UTC).isoformat()}
            self._server.put_documents(self._sets.notes, [note], "id")
            if former:
                self._sets.drop(former["set"])

    def restore(self, name: str) -> None:
        """See `Snapshots.restore`."""
        with host_lock(self._server.address):
            self._sets.copy(self._required(name)["set"], _RESTORING)
            self._sets.make_live(_RESTORING)

    def list(self) -> tuple[Snapshot, ...]:
        """See `Snapshots.list`."""
        sizes = self._server.sizes()
        found = [
            Snapshot(
                note["name"],
                datetime.fromisoformat(note["taken"]),
                sum(size for uid, size in sizes.items() if uid.startswith(self._sets.prefix(note["set"]))),
            )
            for note in self._notes().values()
        ]
        return tuple(sorted(found, key=lambda snapshot: snapshot.taken))

    def remove(self, name: str) -> None:
        """See `Snapshots.remove`."""
        with host_lock(self._server.address):
            note = self._required(name)
            self._server.remove_document(self._sets.notes, note["id"])
            self._sets.drop(note["set"])

    def _notes(self) -> dict[str, Json]:
        try:
            found = [*self._server.documents(self._sets.notes, with_vectors=False)]
        except RefusedError as error:
            if error.kind != INDEX_NOT_FOUND:
                raise
            return {}
        return {note["name"]: note for note in found if note["id"].startswith(_KEY)}

    def _required(self, name: str) -> Json:
        note = self._notes().get(name)
        if note is None:
            raise SnapshotError(f"Meilisearch has no snapshot {name}", hint="devenv db list")
        return note
