"""What a file system can do that a folder is on: tried in the folder, since its name alone tells little.

Responsible for trying, without leaving anything behind. What is made of it is decided where it matters.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.host.machine import file_system_kind

_PRIVATE = 0o600
_MODE = 0o777


@dataclass(frozen=True, slots=True)
class FileSystem:
    """The file system of a folder that is there, or would be."""

    folder: Path
    kind: str
    """As the kernel calls it: `ext4`, `9p`, `nfs4` …; empty where it does not tell."""
    writable: bool
    modes: bool = True
    """Whether a file keeps the rights that it is given."""
    hard_links: bool = True


def observe_file_system(folder: Path) -> FileSystem:
    """Try a folder, or the nearest one above it that is there; something is made in it for a moment."""
    place = folder
    while not place.is_dir():
        place = place.parent
    kind = file_system_kind(place)
    if not os.access(place, os.W_OK):
        return FileSystem(folder, kind, writable=False)
    try:
        with tempfile.TemporaryDirectory(dir=place, prefix=".devenv-try-") as made:
            file = Path(made) / "file"
            file.touch()
            file.chmod(_PRIVATE)
            modes = file.stat().st_mode & _MODE == _PRIVATE
            return FileSystem(folder, kind, writable=True, modes=modes, hard_links=_has_links(file))
    except OSError:  # full, or read-only
        return FileSystem(folder, kind, writable=False)


def _has_links(file: Path) -> bool:
    try:
        file.with_suffix(".link").hardlink_to(file)
    except OSError:
        return False
    return True
