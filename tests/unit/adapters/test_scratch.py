"""Folders for a moment, and what becomes of those whose maker was killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from devenv.adapters.files.scratch import scratch, sweep_scratch

_MAKING = """
import sys, threading
from pathlib import Path
from devenv.adapters.files.scratch import scratch
with scratch(Path(sys.argv[1])) as folder:
    (folder / "half").write_text("half")
    print(folder, flush=True)
    threading.Event().wait()
"""


def test_a_folder_is_gone_when_its_body_is_left(tmp_path: Path) -> None:
    with scratch(tmp_path) as folder, scratch(tmp_path) as other:
        (folder / "inner").mkdir()
        assert folder.is_dir()
        assert other.is_dir()

    assert not list((tmp_path / "scratch").iterdir())


def test_what_a_killed_run_left_goes_with_the_next_one_and_what_a_living_one_needs_stays(tmp_path: Path) -> None:
    making = [sys.executable, "-c", _MAKING, str(tmp_path)]
    with subprocess.Popen(making, stdout=subprocess.PIPE, text=True) as maker:
        assert maker.stdout
        folder = Path(maker.stdout.readline().strip())

        sweep_scratch(tmp_path)
        assert (folder / "half").is_file()
        maker.kill()
    assert (folder / "half").is_file()
    with scratch(tmp_path):
        assert not folder.exists()

    assert not list((tmp_path / "scratch").iterdir())


def test_nothing_is_swept_where_there_never_was_anything(tmp_path: Path) -> None:
    sweep_scratch(tmp_path)

    assert not list(tmp_path.iterdir())
