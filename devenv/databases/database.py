"""What devenv asks of a database, whichever engine runs it.

The *pristine* state is what migrations and seeds alone make. Each engine keeps it beside the live data, where no
application writes, so that `reset` is a copy or a rename inside the server and never a reinstallation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

if TYPE_CHECKING:
    from devenv.spec.stack import DatabaseEngine

_SCHEMES = {"postgres": "postgresql", "clickhouse": "http", "meilisearch": "http"}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database answers on this machine, and as whom."""

    engine: DatabaseEngine
    host: str
    port: int
    name: str
    """The database; whatever the engine calls one."""
    user: str
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        """As drivers take it: `postgresql://alt:…@127.0.0.1:5432/alt`."""
        scheme = _SCHEMES.get(self.engine, self.engine)
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"{scheme}://{login}@{self.host}:{self.port}/{quote(self.name, safe='')}"


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    """One migration that the database says it has."""

    version: str
    """As in the file's name: `20261101090000`, `001`; empty for a repeatable one."""
    checksum: str = ""
    """Of the file as it was applied, in the migration tool's own form; empty when it keeps none."""
    failed: bool = False
    name: str = ""
    """What a repeatable one is known by."""
    baseline: bool = False
    """Nothing was applied: the database is said to have everything up to this version."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A named state of a database."""

    name: str
    taken: datetime
    size_bytes: int


class Snapshots(Protocol):
    """Named states, kept in the server itself: they go when the cluster goes."""

    def save(self, name: str) -> None:
        """Keep the present state under a name, instead of one that has it already."""

    def restore(self, name: str) -> None:
        """Return to a state; raises SnapshotError when there is none of that name."""

    def list(self) -> tuple[Snapshot, ...]:
        """All states, oldest first."""

    def remove(self, name: str) -> None:
        """Drop a state; raises SnapshotError when there is none of that name."""


class Database(Protocol):
    """One running database. All methods raise DatabaseError with the server's own words."""

    def prepare(self, content: str, seeds: Sequence[Path], *, fresh: bool = False) -> bool:
        """Complete the pristine state after its migrations ran: apply the seeds, and note what it was made from.

        Idempotent; ends with `make_spare`. Live data that was prepared once is left alone. Else it is replaced by the
        pristine state, but only where that loses nothing (see `devenv.databases.preparing`).

        Args:
            content: hash of migrations and seeds.
            seeds: files in the engine's own form, applied in this order.
            fresh: the live data was made, or emptied, in this run: nobody but migrations has written to it.

        Returns:
            Whether live data of which nothing was known was left as it is; from now on it counts as prepared.
        """

    def pristine(self) -> str:
        """The `content` of the last `prepare`; empty when there is no pristine state to reset to."""

    def make_spare(self) -> None:
        """Make what the next reset only has to put in place, unless it is there or nothing is pristine. Idempotent."""

    def reset(self) -> None:
        """Bring the live data back to the pristine state, whoever is connected. Ends as a whole or not at all."""

    def empty(self) -> None:
        """Drop the live data and the pristine state, so that migrations run from nothing."""

    def applied(self) -> tuple[AppliedMigration, ...]:
        """The migrations of the live database, in their order."""

    def touched(self) -> bool:
        """Whether the live data may be anything else than the pristine state; asked before it is lost.

        Quick, so that it errs on one side: what would take long to compare counts as touched.
        """

    @property
    def snapshots(self) -> Snapshots:
        """Named states of this database."""
