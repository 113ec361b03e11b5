"""Named states of a NATS server."""

from __future__ import annotations

from builtins import list as list_of
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from devenv.databases.database import Snapshot
from devenv.databases.nats.account import Account
from devenv.databases.nats.states import State, StateStore, snapshot_key
from devenv.errors import SnapshotError

Change = Callable[[StateStore, Account], Coroutine[Any, Any, None]]
"""What is done while the lock is held, with the states and the live account."""
Apply = Callable[[str, Change], None]


class NatsSnapshots:
    """Snapshots; `change` runs what alters something, `look` returns all states."""

    def __init__(self, change: Apply, look: Callable[[], dict[str, State]]) -> None:
        self._change = change
        self._look = look

    def save(self, name: str) -> None:
        """Archive every stream under a name; each as it is at one moment."""

        async def save(store: StateStore, live: Account) -> None:
            await store.capture(snapshot_key(name), live)

        self._change(f"save snapshot {name}", save)

    def restore(self, name: str) -> None:
        """Return to a state; raises SnapshotError when there is none of that name."""

        async def restore(store: StateStore, live: Account) -> None:
            await store.put_in_place(_named(name, await store.snapshots()), live)

        self._change(f"restore snapshot {name}", restore)

    def list(self) -> tuple[Snapshot, ...]:
        """All states, oldest first."""
        found = self._look()
        rows = [Snapshot(name, datetime.fromisoformat(state.taken), state.size_bytes) for name, state in found.items()]
        return tuple(sorted(rows, key=lambda row: row.taken))

    def remove(self, name: str) -> None:
        """Drop a state; raises SnapshotError when there is none of that name."""

        async def remove(store: StateStore, _live: Account) -> None:
            _named(name, await store.snapshots())
            await store.remove(snapshot_key(name))

        self._change(f"remove snapshot {name}", remove)


def _named(name: str, found: dict[str, State]) -> State:
    if name not in found:
        known: list_of[str] = sorted(found)
        raise SnapshotError(
            f"nats has no snapshot {name}",
            context={"snapshots": ", ".join(known) or "none"},
            hint="devenv db list",
        )
    return found[name]
