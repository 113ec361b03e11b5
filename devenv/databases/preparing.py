"""Completing a pristine state, and deciding whether the live data may give way to it.

devenv's mark on live data can be lost: with the database that holds the marks, or when somebody makes the live database
anew. No mark does not mean that nothing is there. So live data without one is replaced only where it provably holds
nothing of a user's: it is empty, it is what migrations and seeds make, or it was made in this very run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

EMPTY = ""
"""The state of a database that holds nothing."""
_UNSEEDED = "unseeded "
"""Begins the mark of live data that may give way, as long as its state is the one that follows: seeds that fail are
fixed, and tried again in another run."""


class Preparing(Protocol):
    """What an engine with migrations does of it."""

    def live_mark(self) -> str:
        """What is noted of the live data; empty where nothing is."""

    def note_live(self, mark: str) -> None:
        """Note something of the live data."""

    def state(self, *, pristine: bool) -> str:
        """A hash of all that is in the live or the pristine database, the migration tool's own record left out.

        EMPTY where there is nothing.
        """

    def complete_pristine(self, content: str, seeds: Sequence[Path]) -> None:
        """Apply the seeds to what migrations have made, unless that was done."""

    def replace_live(self, content: str) -> None:
        """Put a copy of the pristine database in the live one's place."""


def prepare(database: Preparing, content: str, seeds: Sequence[Path], *, fresh: bool) -> bool:
    """See `Database.prepare`."""
    mark = database.live_mark()
    if mark and not mark.startswith(_UNSEEDED):
        database.complete_pristine(content, seeds)
        return False
    live = database.state(pristine=False)
    # Migrations may make rows with times and random numbers: then nothing but `fresh` tells that they are nobody's.
    gives_way = fresh or mark == _UNSEEDED + live or live in (EMPTY, database.state(pristine=True))
    if gives_way:
        database.note_live(_UNSEEDED + live)
    database.complete_pristine(content, seeds)
    if gives_way or live == database.state(pristine=True):
        database.replace_live(content)
        return False
    database.note_live(content)
    return True
