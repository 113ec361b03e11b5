"""What is in the indexes, as data that can be compared."""

from __future__ import annotations

import hashlib

from devenv.databases.database import EMPTY
from devenv.databases.meilisearch.copies import PRISTINE
from devenv.databases.meilisearch.server import Server
from devenv.databases.meilisearch.sets import IndexSets

_COMPARED_BYTES = 4 << 20
"""Up to this size documents are fetched to compare them: a fraction of a second."""


class MeilisearchComparison:
    """See `devenv.databases.database.Comparison`."""

    def __init__(self, server: Server, sets: IndexSets) -> None:
        self._server = server
        self._sets = sets

    def state(self, *, pristine: bool) -> str:
        members = self._sets.members(PRISTINE) if pristine else self._sets.live()
        prefix = self._sets.prefix(PRISTINE) if pristine else ""
        if not members:
            return EMPTY
        digest = hashlib.sha256()
        for uid, key in sorted(members.items()):
            documents = self._server.documents(prefix + uid, with_vectors=False)
            content = sorted(str(document) for document in documents)
            digest.update(repr((uid, key, self._server.settings(prefix + uid), content)).encode())
        return digest.hexdigest()

    def has_more(self) -> bool:
        sizes = self._server.sizes()
        return sum(sizes.get(uid, 0) for uid in self._sets.live()) > _COMPARED_BYTES
