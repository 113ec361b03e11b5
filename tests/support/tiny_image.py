"""A small image that runs a shell, made from the host's own programs: no registry and no download."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ("sh", "cat", "sleep", "true", "dd", "mv", "sync")


def tiny_root() -> Iterator[bytes]:
    """A root file system with a few programs of the host and their libraries, as a tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        files: set[Path] = set()
        for name in PROGRAMS:
            found = shutil.which(name)
            assert found, name
            program = Path(found).resolve()
            files |= _libraries(program)
            _add(archive, program, f"bin/{name}")
        for file in sorted(files):
            _add(archive, file.resolve(), str(file).lstrip("/"))
    yield buffer.getvalue()


def _add(archive: tarfile.TarFile, file: Path, name: str) -> None:
    member = archive.gettarinfo(file, name)
    with file.open("rb") as content:
        archive.addfile(member, content)


def _libraries(program: Path) -> set[Path]:
    reported = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout  # noqa: S607
    return {Path(path) for path in re.findall(r"(/\S+) \(0x", reported)}
