"""What a folder that was fetched holds, as one hash: names, contents, what is executable, where links lead."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path


def tree_content(root: Path) -> str:
    """`sha256:…` of all files below a folder; folders count by what is in them alone."""
    whole = hashlib.sha256()
    for path in sorted(_files(root), key=lambda path: path.relative_to(root).as_posix()):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            kind, held = "link", os.fsencode(path.readlink())
        elif stat.S_ISREG(mode):
            kind, held = "program" if mode & stat.S_IXUSR else "file", path.read_bytes()
        else:
            kind, held = "other", b""
        name = os.fsencode(path.relative_to(root))
        whole.update(b"%s\0%s\0%s\n" % (kind.encode(), name, hashlib.sha256(held).hexdigest().encode()))
    return f"sha256:{whole.hexdigest()}"


def _files(root: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(root):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        yield from (Path(parent, name) for name in (*files, *links))
