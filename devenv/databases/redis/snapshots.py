"""Named states of a Redis server, kept in its control database."""

from __future__ import annotations

from builtins import list as list_of
from datetime import datetime

from devenv.databases.database import Snapshot
from devenv.databases.redis import states
from devenv.databases.redis.layout import SNAPSHOTS
from devenv.databases.redis.link import Link, translate_errors
from devenv.databases.redis.lock import locked
from devenv.errors import SnapshotError


class RedisSnapshots:
    """Snapshots over one connection."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def save(self, name: str) -> None:
        """Keep the live databases, as they are at one moment, under a name."""
        with translate_errors(f"save snapshot {name}"), locked(self._link):
            state = states.capture(self._link, 0)
            self._link.call("HSET", SNAPSHOTS, name, state.text)
            states.sweep(self._link)

    def restore(self, name: str) -> None:
        """Return to a state; raises SnapshotError when there is none of that name."""
        with translate_errors(f"restore snapshot {name}"), locked(self._link):
            states.put_in_place(self._link, self._named(name))
            states.empty_spares(self._link)
            pristine = states.pristine(self._link)
            if pristine:
                states.fill_spares(self._link, pristine)

    def list(self) -> tuple[Snapshot, ...]:
        """All states, oldest first."""
        with translate_errors("list snapshots"):
            found = states.snapshots(self._link)
        rows = [Snapshot(name, datetime.fromisoformat(state.taken), state.size_bytes) for name, state in found.items()]
        return tuple(sorted(rows, key=lambda row: row.taken))

    def remove(self, name: str) -> None:
        """Drop a state; raises SnapshotError when there is none of that name."""
        with translate_errors(f"remove snapshot {name}"), locked(self._link):
            self._named(name)
            self._link.call("HDEL", SNAPSHOTS, name)
            states.sweep(self._link)

    def _named(self, name: str) -> states.State:
        found = states.snapshots(self._link)
        if name not in found:
            known: list_of[str] = sorted(found)
            raise SnapshotError(
                f"redis has no snapshot {name}",
                context={"snapshots": ", ".join(known) or "none"},
                hint="devenv db list",
            )
        return found[name]
