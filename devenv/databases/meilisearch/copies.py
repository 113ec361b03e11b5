"""The copies of Meilisearch's indexes that devenv keeps beside the live ones.

The set `pristine` is what the seeds make. The set `spare` is a copy of it that the next reset only has to swap with the
live indexes. What the sets are made from is noted in an index of devenv's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from devenv.databases.meilisearch.seeds import apply_seed
from devenv.databases.meilisearch.server import Server
from devenv.databases.meilisearch.sets import IndexSets

PRISTINE = "pristine"
_SPARE, _LIVE = "spare", "live"


class MeilisearchCopies:
    """See `devenv.databases.database.Copies`."""

    def __init__(self, server: Server, sets: IndexSets) -> None:
        self._server = server
        self._sets = sets

    def pristine(self) -> str:
        return self._sets.note(PRISTINE)

    def live_mark(self) -> str:
        return self._sets.note(_LIVE)

    def note_live(self, mark: str) -> None:
        self._sets.set_note(_LIVE, mark)

    def make_pristine(self, content: str, seeds: Sequence[Path]) -> None:
        """The seeds make the set from nothing."""
        if self._sets.note(PRISTINE) == content:
            return
        for label in (_SPARE, PRISTINE):
            self._sets.set_note(label, "")
        self._sets.drop(PRISTINE)
        for path in seeds:
            apply_seed(self._server, self._sets.prefix(PRISTINE), path)
        self._sets.set_note(PRISTINE, content)

    def make_spare(self) -> None:
        content = self.pristine()
        if self._sets.note(_SPARE) != content:
            self._sets.set_note(_SPARE, "")
            self._sets.copy(PRISTINE, _SPARE)
            self._sets.set_note(_SPARE, content)

    def replace_live(self, content: str) -> None:
        """One swap, after a copy when no spare set is there."""
        self.make_spare()
        # Before the swap: after it, the set holds what was live.
        self._sets.set_note(_SPARE, "")
        self._sets.make_live(_SPARE)
        self._sets.set_note(_LIVE, content)
