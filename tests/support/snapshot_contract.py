"""What every engine's snapshots promise, held against its own server by the tests of each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devenv.databases.database import Snapshots
from devenv.errors import SnapshotError


def assert_snapshots_come_back_and_go(
    snapshots: Snapshots, content: Callable[[], object], change: Callable[[], object], spoil: Callable[[], object]
) -> None:
    """Two states, of which one is kept twice; `change` and `spoil` lead from the seeded state to two others."""

    def names() -> list[str]:
        return [snapshot.name for snapshot in snapshots.list()]

    change()
    snapshots.save("one")
    kept = content()
    spoil()
    assert content() != kept
    snapshots.save("spoilt")
    snapshots.restore("one")
    assert content() == kept
    assert names() == ["one", "spoilt"]
    assert all(snapshot.size_bytes > 0 for snapshot in snapshots.list())
    snapshots.save("one")
    assert names() == ["spoilt", "one"]
    for name in ("one", "spoilt"):
        snapshots.remove(name)
    assert names() == []
    for use in (snapshots.restore, snapshots.remove):
        with pytest.raises(SnapshotError, match="no snapshot one"):
            use("one")
