"""Sets of indexes under a prefix, and the live ones.

The API has no copy inside the server, so documents travel through this process. What is swapped into the live indexes
has been made before, under names of its own.
"""

from __future__ import annotations

from devenv.databases.meilisearch.server import Server

OWN_MARK = "_devenv-"
"""Stands in the names of all indexes that are devenv's own: `alt_devenv-pristine-items`."""


class IndexSets:
    """The live indexes of a server and devenv's copies of them."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self._own = f"{name}{OWN_MARK}"
        self.notes = f"{self._own}notes"
        """The index with what devenv notes about its sets."""

    def note(self, key: str) -> str:
        """What is noted under a key; empty where nothing is."""
        found = self._server.document(self.notes, key)
        return str(found["content"]) if found else ""

    def set_note(self, key: str, content: str) -> None:
        """Note something."""
        if self.note(key) != content:
            self._server.put_documents(self.notes, [{"id": key, "content": content}], "id")

    def live(self) -> dict[str, str | None]:
        """The indexes that applications see, with their primary keys."""
        return {uid: key for uid, key in self._server.indexes().items() if not uid.startswith(self._own)}

    def members(self, label: str) -> dict[str, str | None]:
        """The indexes of a set, by the names that they have when they are live."""
        prefix = self.prefix(label)
        return {uid.removeprefix(prefix): key for uid, key in self._server.indexes(prefix).items()}

    def prefix(self, label: str) -> str:
        """What the names of a set's indexes begin with; labels hold no hyphen."""
        return f"{self._own}{label}-"

    def drop(self, label: str) -> None:
        """Remove a set."""
        self._server.drop(list(self._server.indexes(self.prefix(label))))

    def copy(self, source: str | None, target: str) -> None:
        """Make a set like another, or like the live indexes where `source` is None."""
        self.drop(target)
        members = self.live() if source is None else self.members(source)
        origin = "" if source is None else self.prefix(source)
        for uid, key in members.items():
            settings = self._server.settings(origin + uid)
            self._server.create(self.prefix(target) + uid, key, settings)
            # Where vectors are made by an embedder, they are kept instead of made again.
            documents = list(self._server.documents(origin + uid, with_vectors=bool(settings.get("embedders"))))
            self._server.put_documents(self.prefix(target) + uid, documents, key)

    def make_live(self, label: str) -> None:
        """Swap a set with the live indexes, which are afterwards those of the set; the set is then removed."""
        members, live = self.members(label), self.live()
        for uid in members.keys() - live.keys():
            self._server.create(uid, None, {})
        self._server.swap([(uid, self.prefix(label) + uid) for uid in sorted(members)])
        self._server.drop(sorted(live.keys() - members.keys()))
        self.drop(label)
