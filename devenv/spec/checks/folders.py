"""How much the folders hold that are carried to pods."""

from __future__ import annotations

from pathlib import Path

from devenv.spec.read.places import visible_files

LIMIT_BYTES = 64 << 20
"""What a folder may hold: each part of it costs a write and a mount."""


def carried_bytes(folder: Path) -> int:
    """What a folder's files hold."""
    return sum(path.stat().st_size for path in visible_files(folder))
