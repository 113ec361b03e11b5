"""Folders for what is needed for a moment, which are gone afterwards even when the run that made one is killed.

Responsible for their life: each has a file beside it that its maker keeps locked. The kernel lets go of the lock when
the maker ends, however it ends, and the next run removes the folders that nobody has locked. They lie in the cache, so
that what is made in one can take its place there at once.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from devenv.adapters.files.paths import cache_dir

_FOLDER = "scratch"
_LOCKED = ".lock"


@contextmanager
def scratch(root: Path | None = None) -> Iterator[Path]:
    """A new, empty folder, for as long as the body runs; `root` is the cache, where no other is given."""
    parent = (root or cache_dir()) / _FOLDER
    parent.mkdir(parents=True, exist_ok=True)
    sweep_scratch(root)
    with _kept(parent) as file:
        folder = Path(file.name.removesuffix(_LOCKED))
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            _remove(folder)


def sweep_scratch(root: Path | None = None) -> None:
    """Remove the folders of runs that are over without having removed them."""
    parent = (root or cache_dir(create=False)) / _FOLDER
    for file in parent.glob(f"*{_LOCKED}"):
        try:
            with file.open("r+") as opened:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(Path(str(file).removesuffix(_LOCKED)))
        except (BlockingIOError, FileNotFoundError):
            continue  # its maker lives, or has just removed it


@contextmanager
def _kept(parent: Path) -> Iterator[IO[bytes]]:
    """A new file of a name of its own, locked."""
    while True:
        with tempfile.NamedTemporaryFile(dir=parent, suffix=_LOCKED, delete=False) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # Before it was locked, somebody may have taken it for one that is left.
            if os.path.exists(file.name):  # noqa: PTH110 -- a str
                yield file
                return


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    Path(f"{folder}{_LOCKED}").unlink(missing_ok=True)
