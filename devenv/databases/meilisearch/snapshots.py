"""Named states of Meilisearch: sets of indexes, noted with name and time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

from devenv.databases.meilisearch.server import INDEX_NOT_FOUND, Json, RefusedError, Server
from devenv.databases.meilisearch.sets import IndexSets
from devenv.databases.snapshots import Snapshot

_KEY = "snapshot-"
_RESTORING = "restoring"


class MeilisearchSnapshots:
    """See `devenv.databases.snapshots.NamedStates`."""

    def __init__(self, server: Server, sets: IndexSets) -> None:
        self._server = server
        self._sets = sets

    def found(self) -> Iterator[Snapshot]:
        sizes = self._server.sizes()
        for note in self._notes().values():
            prefix = self._sets.prefix(note["set"])
            size = sum(size for uid, size in sizes.items() if uid.startswith(prefix))
            yield Snapshot(note["name"], datetime.fromisoformat(note["taken"]), size)

    def keep(self, name: str) -> None:
        """Each index is kept as of one moment, not all as of the same."""
        former = self._notes().get(name)
        label = f"snapshot{uuid.uuid4().hex}"
        self._sets.copy(None, label)
        note = {"id": _KEY + name, "name": name, "set": label, "taken": datetime.now(UTC).isoformat()}
        self._server.put_documents(self._sets.notes, [note], "id")
        if former:
            self._sets.drop(former["set"])

    def bring_back(self, name: str) -> None:
        self._sets.copy(self._notes()[name]["set"], _RESTORING)
        self._sets.make_live(_RESTORING)

    def drop(self, name: str) -> None:
        note = self._notes()[name]
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
