"""What devenv does with a database, whichever engine runs it. How each engine does it stands in the engine's folder.

The *pristine* state is what migrations and seeds alone make. Each engine keeps it beside the live data, where no
application writes, so that `reset` is a copy or a rename inside the server and never a reinstallation.

devenv's mark on live data can be lost: with the database that holds the marks, or when somebody makes the live database
anew. No mark does not mean that nothing is there. So live data without one is replaced only where it provably holds
nothing of a user's: it is empty, it is what migrations and seeds make, or it was made in this very run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from devenv.databases.access import Access
from devenv.databases.address import Address
from devenv.databases.applied import AppliedMigration
from devenv.databases.snapshots import NamedStates, Snapshots
from devenv.errors import DatabaseError

EMPTY = ""
"""The state of a database that holds nothing."""
_UNSEEDED = "unseeded "
"""Begins the mark of live data that may give way, as long as its state is the one that follows: seeds that fail are
put right, and tried again in another run."""


class Copies(Protocol):
    """An engine's live data, and what devenv keeps beside it. What changes something is called under the lock."""

    def pristine(self) -> str:
        """What the pristine copy was made from; empty where there is none that is whole and seeded."""

    def live_mark(self) -> str:
        """What is noted of the live data; empty where nothing is."""

    def note_live(self, mark: str) -> None:
        """Note something of the live data."""

    def make_pristine(self, content: str, seeds: Sequence[Path]) -> None:
        """Apply the seeds to what migrations have made, unless that was done, and note the content.

        No spare of before counts from then on. Seeds that fail or are killed leave no pristine copy that counts, and
        can be tried again.
        """

    def make_spare(self) -> None:
        """Have ready what `replace_live` puts in place, unless it is, and drop what the last one has left."""

    def replace_live(self, content: str) -> None:
        """Put the pristine state in the live data's place, with a mark, whoever is connected.

        Ends as a whole or not at all, also when it is killed.
        """


def unrelated(found: Iterable[str], name: str, *, copies: Collection[str], systems: Collection[str]) -> list[str]:
    """The databases of a server that are neither the live one, nor kept beside it, nor the server's own.

    Args:
        found: all that the server has.
        name: of the live one.
        copies: what the names of copies end in, snapshots and clones apart.
        systems: those that each server has.
    """
    own = {name, *systems, *(f"{name}_{copy}" for copy in copies)}
    numbered = tuple(f"{name}_{what}_" for what in ("snapshot", "clone", "kept"))
    return [each for each in found if each not in own and not each.startswith(numbered)]


class Comparison(Protocol):
    """What an engine can tell of its data's content."""

    def state(self, *, pristine: bool) -> str:
        """A hash of all that is in the live data or the pristine copy, the migration tool's own record left out.

        EMPTY where there is nothing.
        """

    def has_more(self) -> bool:
        """Whether a glance shows that there may be more than the pristine state.

        As when the server holds something beside the live data, or more of that than can be compared quickly.
        """


class Cloning(Protocol):
    """What an engine does of it whose databases can be cloned."""

    def clone(self, name: str, *, empty: bool) -> int:
        """Make a database like the pristine one, or like that was before its migrations.

        Returns:
            About how many bytes of the server's disk it takes.
        """

    def drop(self, name: str) -> None:
        """Remove a clone; one that is gone is fine."""

    def clones(self, prefix: str) -> list[str]:
        """The databases whose names begin so."""

    def keep(self, name: str, kept: str) -> None:
        """Have what is in a clone under another name instead, whoever is connected."""

    def lease(self, key: str) -> None:
        """Show others that whoever makes clones under this key is there, until the connection is closed or lost."""

    def is_leased(self, key: str) -> bool:
        """Whether whoever makes clones under this key may still be there."""


@dataclass(frozen=True, slots=True)
class Clone:
    """A database for somebody alone."""

    address: Address
    size_bytes: int
    """About what it takes of the server's disk."""


@dataclass(frozen=True, slots=True)
class Database:
    """One running database. All methods raise DatabaseError with the server's own words."""

    address: Address
    access: Access
    copies: Copies
    comparison: Comparison
    states: NamedStates
    cloning: Cloning | None = None
    migrations: Callable[[], tuple[AppliedMigration, ...]] = tuple
    """Reads what the migration tool has recorded; of engines without migrations nothing."""

    def prepare(self, content: str, seeds: Sequence[Path], *, fresh: bool = False) -> bool:
        """Complete the pristine state after its migrations ran: apply the seeds, and note what it was made from.

        Idempotent; ends with a spare. Live data that was prepared once is left alone. Else it is replaced by the
        pristine state, but only where that loses nothing.

        Args:
            content: hash of migrations and seeds.
            seeds: files in the engine's own form, applied in this order.
            fresh: the live data was made, or emptied, in this run: nobody but migrations has written to it.

        Returns:
            Whether live data of which nothing was known was left as it is; from now on it counts as prepared.
        """
        with self.access.changing("prepare"):
            kept = self._prepare(content, seeds, fresh=fresh)
            self.copies.make_spare()
            return kept

    def pristine(self) -> str:
        """The `content` of the last `prepare`; empty when there is no pristine state to reset to."""
        with self.access.looking("ask for the pristine state of"):
            return self.copies.pristine()

    def make_spare(self) -> None:
        """Make what the next reset only has to put in place, unless it is there or nothing is pristine. Idempotent."""
        with self.access.changing("make a spare of"):
            if self.copies.pristine():
                self.copies.make_spare()

    def reset(self) -> None:
        """Bring the live data back to the pristine state, whoever is connected. Ends as a whole or not at all."""
        with self.access.changing("reset"):
            self.copies.replace_live(self._required_content())

    def applied(self) -> tuple[AppliedMigration, ...]:
        """The migrations of the live database, in their order."""
        with self.access.looking("list the migrations of"):
            return self.migrations()

    def touched(self) -> bool:
        """Whether the live data may be anything else than the pristine state; asked before it is lost.

        Quick, so that it errs on one side: what would take long to compare counts as touched.
        """
        with self.access.looking("compare with its pristine state"):
            if not self.copies.pristine() or self.comparison.has_more():
                return True
            return self.comparison.state(pristine=False) != self.comparison.state(pristine=True)

    @property
    def snapshots(self) -> Snapshots:
        """Named states of this database."""
        return Snapshots(self.access, self.states)

    def clone(self, name: str, *, empty: bool = False) -> Clone:
        """A new database of that name, like the pristine one; or one as migrations find it, which takes no pristine."""
        with self.access.looking("clone"):
            if not empty:
                self._required_content()
            size_bytes = self._cloning.clone(name, empty=empty)
        return Clone(replace(self.address, name=name), size_bytes)

    def drop_clone(self, name: str) -> None:
        """Remove a clone; one that is gone is fine."""
        with self.access.looking(f"drop {name}, a clone of"):
            self._cloning.drop(name)

    def clones(self, prefix: str) -> list[str]:
        """The databases of the server whose names begin so."""
        with self.access.looking("list the clones of"):
            return self._cloning.clones(prefix)

    def keep_clone(self, name: str, kept: str) -> Address:
        """Have what is in a clone under another name instead, whoever is connected."""
        with self.access.looking(f"keep {name}, a clone of"):
            self._cloning.keep(name, kept)
        return replace(self.address, name=kept)

    def lease(self, key: str) -> None:
        """Show others that whoever makes clones under this key is there, until the connection is closed or lost."""
        with self.access.looking("lease clones of"):
            self._cloning.lease(key)

    def is_leased(self, key: str) -> bool:
        """Whether whoever makes clones under this key may still be there."""
        with self.access.looking("ask who made clones of"):
            return self._cloning.is_leased(key)

    def _prepare(self, content: str, seeds: Sequence[Path], *, fresh: bool) -> bool:
        mark = self.copies.live_mark()
        if mark and not mark.startswith(_UNSEEDED):
            self.copies.make_pristine(content, seeds)
            return False
        live, migrated = (self.comparison.state(pristine=pristine) for pristine in (False, True))
        # Migrations may make rows with times and random numbers: then nothing but `fresh` shows that they are nobody's.
        # Where they have made nothing, whatever is there is somebody's.
        gives_way = live in (EMPTY, migrated) or mark == _UNSEEDED + live or (fresh and migrated != EMPTY)
        if gives_way:
            self.copies.note_live(_UNSEEDED + live)
        self.copies.make_pristine(content, seeds)
        if gives_way or self.comparison.state(pristine=False) in (EMPTY, self.comparison.state(pristine=True)):
            self.copies.replace_live(content)
            return False
        self.copies.note_live(content)
        return True

    def _required_content(self) -> str:
        content = self.copies.pristine()
        if not content:
            raise self.access.no_pristine()
        return content

    @property
    def _cloning(self) -> Cloning:
        if self.cloning is None:
            raise DatabaseError(f"{self.address.engine} databases cannot be cloned", hint="devenv db snapshot")
        return self.cloning
