"""What every engine's snapshots promise, held against its own server by the tests of each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devenv.databases.database import Database
from devenv.errors import SnapshotError

FIRST = "before import"


def assert_snapshots_come_back_and_go(
    database: Database, content: Callable[[], object], change: Callable[[], object], spoil: Callable[[], object]
) -> None:
    """Two states, of which one is kept twice; `change` and `spoil` lead from the seeded state to two others."""
    snapshots = database.snapshots

    def names() -> list[str]:
        return [snapshot.name for snapshot in snapshots.list()]

    assert not database.touched()
    change()
    assert database.touched()
    snapshots.save(FIRST)
    kept = content()
    spoil()
    assert content() != kept
    snapshots.save("spoilt")
    database.reset()
    assert content() != kept
    assert not database.touched()
    snapshots.restore(FIRST)
    assert content() == kept
    assert names() == [FIRST, "spoilt"]
    assert all(snapshot.size_bytes > 0 for snapshot in snapshots.list())
    snapshots.save(FIRST)
    assert names() == ["spoilt", FIRST]
    for name in (FIRST, "spoilt"):
        snapshots.remove(name)
    assert names() == []
    for use in (snapshots.restore, snapshots.remove):
        with pytest.raises(SnapshotError, match=f"no snapshot {FIRST}"):
            use(FIRST)
