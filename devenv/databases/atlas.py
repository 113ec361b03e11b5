"""`atlas.sum`: the checksums that Atlas keeps beside migration files, read and written.

Each is taken over all files up to its own, so what follows a changed file has changed too. The form is Atlas' own:
https://atlasgo.io/concepts/migration-directory-integrity
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

SUM_FILE = "atlas.sum"
_PREFIX = "h1:"


def atlas_sums(folder: Path) -> dict[str, str]:
    """File name to checksum, from the files as they are now."""
    running = hashlib.sha256()
    sums: dict[str, str] = {}
    for file in sorted(folder.glob("*.sql")):
        running.update(file.name.encode())
        running.update(file.read_bytes())
        sums[file.name] = base64.b64encode(running.digest()).decode()
    return sums


def write_atlas_sums(folder: Path) -> bool:
    """Bring `atlas.sum` up to date; tells whether it had to change."""
    sums = atlas_sums(folder)
    total = hashlib.sha256()
    for name, checksum in sums.items():
        total.update(name.encode())
        total.update(checksum.encode())
    lines = [_PREFIX + base64.b64encode(total.digest()).decode()]
    lines += [f"{name} {_PREFIX}{checksum}" for name, checksum in sums.items()]
    text = "\n".join(lines) + "\n"
    file = folder / SUM_FILE
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        return False
    file.write_text(text, encoding="utf-8")
    return True
