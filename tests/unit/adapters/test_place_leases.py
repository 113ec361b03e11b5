"""Numbered places: each for one holder, and free again however that one ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from devenv.adapters.files.leases import Lease, lease

HOLD_FOREVER = """
import sys, time
from pathlib import Path
from devenv.adapters.files.leases import lease
with lease(Path(sys.argv[1]), "place", 2) as held:
    print(held.number, flush=True)
    time.sleep(1000)
"""


def required(held: Lease | None) -> Lease:
    assert held is not None
    return held


def test_each_holder_has_another_place_and_then_there_is_none(tmp_path: Path) -> None:
    with (
        lease(tmp_path, "place", 2) as first,
        lease(tmp_path, "place", 2) as second,
        lease(tmp_path, "place", 2) as none,
    ):
        assert (required(first).number, required(second).number, none) == (0, 1, None)
    with lease(tmp_path, "place", 2) as again:
        assert (required(again).number, required(again).left_behind) == (0, False)


def test_a_place_that_is_kept_is_given_away_last(tmp_path: Path) -> None:
    with lease(tmp_path, "place", 2) as held:
        required(held).keep = True
    with lease(tmp_path, "place", 2) as other:
        assert required(other).number == 1
        with lease(tmp_path, "place", 2) as kept:
            assert (required(kept).number, required(kept).left_behind) == (0, True)


def test_a_holder_that_fails_or_is_killed_is_told_to_the_next(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), lease(tmp_path, "place", 2):
        raise ValueError("broken")
    with lease(tmp_path, "place", 2) as held:
        assert required(held).left_behind
    holder = subprocess.Popen([sys.executable, "-c", HOLD_FOREVER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "0\n"
    with lease(tmp_path, "place", 2) as held:
        assert required(held).number == 1
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with lease(tmp_path, "place", 2) as held:
        assert (required(held).number, required(held).left_behind) == (0, True)
