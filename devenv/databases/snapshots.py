"""Named states of a database, kept in the server itself: they go when the cluster goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from devenv.databases.access import Access
from devenv.errors import SnapshotError


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A named state of a database."""

    name: str
    taken: datetime
    size_bytes: int


class NamedStates(Protocol):
    """What an engine does of it; called by who has the database for itself, except for `found`."""

    def found(self) -> Iterable[Snapshot]:
        """All states that are whole."""

    def keep(self, name: str) -> None:
        """Keep the live data under a name, instead of what has it already."""

    def bring_back(self, name: str) -> None:
        """Put a state that there is in the live data's place, as a whole or not at all; it stays kept."""

    def drop(self, name: str) -> None:
        """Remove a state that there is."""


class Snapshots:
    """The named states of one database."""

    def __init__(self, access: Access, states: NamedStates) -> None:
        self._access = access
        self._states = states

    def save(self, name: str) -> None:
        """Keep the present state under a name, instead of one that has it already."""
        with self._access.changing(f"save snapshot {name} of"):
            self._states.keep(name)

    def restore(self, name: str) -> None:
        """Return to a state; raises SnapshotError when there is none of that name."""
        with self._access.changing(f"restore snapshot {name} of"):
            self._require(name)
            self._states.bring_back(name)

    def list(self) -> tuple[Snapshot, ...]:
        """All states, oldest first."""
        with self._access.looking("list the snapshots of"):
            return tuple(sorted(self._states.found(), key=lambda snapshot: snapshot.taken))

    def remove(self, name: str) -> None:
        """Drop a state; raises SnapshotError when there is none of that name."""
        with self._access.changing(f"remove snapshot {name} of"):
            self._require(name)
            self._states.drop(name)

    def _require(self, name: str) -> None:
        known = sorted(snapshot.name for snapshot in self._states.found())
        if name not in known:
            raise SnapshotError(
                f"{self._access.title} has no snapshot {name}",
                context={"snapshots": ", ".join(known) or "none"},
                hint="devenv db list",
            )
