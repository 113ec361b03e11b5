"""One Meilisearch server: its live indexes and the copies of them that devenv keeps beside them.

The set `pristine` is what the seeds make. The set `spare` is a copy of it that the next reset only has to swap with the
live indexes. What the sets are made from is noted in an index of devenv's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from devenv.databases.database import Address, AppliedMigration
from devenv.databases.host_lock import host_lock
from devenv.databases.meilisearch.copies import IndexSets
from devenv.databases.meilisearch.seeds import read_seed
from devenv.databases.meilisearch.server import RefusedError, Server
from devenv.databases.meilisearch.snapshots import MeilisearchSnapshots
from devenv.databases.statements import seed_failed
from devenv.errors import DatabaseError

_COMPARED_BYTES = 4 << 20
"""Up to this size documents are fetched to compare them: a fraction of a second."""
_PRISTINE, _SPARE, _LIVE = "pristine", "spare", "live"


class Meilisearch:
    """See `devenv.databases.database.Database`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._sets = IndexSets(server, server.address.name)

    @classmethod
    @contextmanager
    def connect(cls, address: Address) -> Iterator[Self]:
        """A connection for a few calls; raises DatabaseError when the server does not answer or refuses the login."""
        with closing(Server(address)) as server:
            server.indexes()
            yield cls(server)

    @property
    def snapshots(self) -> MeilisearchSnapshots:
        """Named states."""
        return MeilisearchSnapshots(self._server, self._sets)

    def prepare(self, content: str, seeds: Sequence[Path], *, fresh: bool = False) -> bool:
        """See `Database.prepare`. A fresh server is an empty one: the seeds make the pristine set from nothing."""
        del fresh
        with host_lock(self._server.address):
            if self._note(_PRISTINE) != content:
                self._set_note(_PRISTINE, "")
                self._sets.drop(_PRISTINE)
                for path in seeds:
                    self._seed(path)
                self._set_note(_PRISTINE, content)
            kept = False
            if not self._note(_LIVE):
                kept = bool(self._sets.live()) and self._differs()
                if not kept:
                    self._reset(content)
                self._set_note(_LIVE, content)
            self._make_spare(content)
            return kept

    def pristine(self) -> str:
        """See `Database.pristine`."""
        return self._note(_PRISTINE)

    def make_spare(self) -> None:
        """See `Database.make_spare`."""
        with host_lock(self._server.address):
            if content := self.pristine():
                self._make_spare(content)

    def reset(self) -> None:
        """See `Database.reset`: one swap, after a copy when no spare set is there."""
        with host_lock(self._server.address):
            content = self._note(_PRISTINE)
            if not content:
                raise DatabaseError(
                    "Meilisearch has no pristine state to return to: its seeds have not run", hint="devenv up"
                )
            self._reset(content)

    def empty(self) -> None:
        """See `Database.empty`."""
        with host_lock(self._server.address):
            for label in (_PRISTINE, _SPARE, _LIVE):
                self._set_note(label, "")
            self._sets.drop(_SPARE)
            self._sets.drop(_PRISTINE)
            self._server.drop(list(self._sets.live()))

    def touched(self) -> bool:
        """See `Database.touched`: the documents, where they are few."""
        sizes = self._server.sizes()
        if not self.pristine() or sum(sizes.get(uid, 0) for uid in self._sets.live()) > _COMPARED_BYTES:
            return True
        return self._differs()

    def _differs(self) -> bool:
        """Whether the live indexes hold anything else than the pristine set."""
        live, prefix = self._sets.live(), self._sets.prefix(_PRISTINE)
        return live != self._sets.members(_PRISTINE) or any(
            self._server.settings(uid) != self._server.settings(prefix + uid)
            or self._documents(uid) != self._documents(prefix + uid)
            for uid in live
        )

    def _documents(self, uid: str) -> list[str]:
        return sorted(str(document) for document in self._server.documents(uid, with_vectors=False))

    def applied(self) -> tuple[AppliedMigration, ...]:
        """See `Database.applied`: there are no migrations."""
        return ()

    def _reset(self, content: str) -> None:
        self._make_spare(content)
        # Before the swap: after it, the set holds what was live.
        self._set_note(_SPARE, "")
        self._sets.make_live(_SPARE)

    def _make_spare(self, content: str) -> None:
        if self._note(_SPARE) != content:
            self._set_note(_SPARE, "")
            self._sets.copy(_PRISTINE, _SPARE)
            self._set_note(_SPARE, content)

    def _seed(self, path: Path) -> None:
        seed = read_seed(path)
        uid = self._sets.prefix(_PRISTINE) + path.stem
        try:
            self._server.create(uid, seed.primary_key, seed.settings)
            self._server.put_documents(uid, seed.documents, seed.primary_key)
        except RefusedError as error:
            raise seed_failed(path, 1, "", error.context.get("cause") or error.message) from error

    def _note(self, key: str) -> str:
        found = self._server.document(self._sets.notes, key)
        return str(found["content"]) if found else ""

    def _set_note(self, key: str, content: str) -> None:
        if self._note(key) != content:
            self._server.put_documents(self._sets.notes, [{"id": key, "content": content}], "id")
