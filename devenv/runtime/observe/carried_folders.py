"""Folders that are carried to pods byte for byte, in the parts that they travel in.

A ConfigMap holds up to 1 MiB, and Helm keeps a whole chart in one Secret of that size. So devenv packs a folder itself
and spreads it over as many ConfigMaps as it may take, without having to read a file to know their number.
"""

from __future__ import annotations

import gzip
import io
import math
import re
import tarfile
from pathlib import Path

from devenv.plan.steps import CarriedFolder
from devenv.spec.read.places import visible_files

_PART_BYTES = 700 << 10
"""Below 1 MiB, with room for what does not compress."""
_ENTRY_BYTES = 2048
"""At most, for a file's entries in the archive beside its content: header, long name, padding."""


def carry(stack: str, folder: Path, content: str) -> CarriedFolder:
    """Name the ConfigMaps of a folder after what it holds, so that none is ever taken for another.

    Args:
        stack: whose folder.
        folder: what is carried.
        content: hash of its files and their names.
    """
    files = visible_files(folder)
    size = sum(path.stat().st_size + _ENTRY_BYTES for path in files)
    kind = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-") or "files"
    parts = max(math.ceil(size / _PART_BYTES), 1)
    return CarriedFolder(folder, tuple(f"{stack}-{kind}-{content[:10]}-{part}" for part in range(parts)))


def packed(carried: CarriedFolder) -> list[bytes]:
    """The parts of a folder's archive, tar and gzip: one for each of its ConfigMaps, some perhaps empty."""
    archive = io.BytesIO()
    # GNU's form has names as the bytes that they are, whatever the locale in which they are unpacked.
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path in visible_files(carried.folder):
            entry = tarfile.TarInfo(str(path.relative_to(carried.folder)))
            data = path.read_bytes()
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    data = gzip.compress(archive.getvalue(), mtime=0)
    count = len(carried.names)
    size = math.ceil(len(data) / count)
    return [data[part * size : (part + 1) * size] for part in range(count)]
