"""Atlas' migrations: the checksums that it keeps beside the files, and where the statement stands that it failed at.

Each checksum in `atlas.sum` is taken over all files up to its own, so what follows a changed file has changed too. The
form is Atlas' own: https://atlasgo.io/concepts/migration-directory-integrity
"""

from __future__ import annotations

import ast
import base64
import hashlib
import re
from pathlib import Path

from devenv.spec.sql.migration_names import ATLAS_SUM

_PREFIX = "h1:"
_FAILED = re.compile(r'executing statement (?P<quoted>"(?:[^"\\]|\\.)*") from version "(?P<version>\w+)"')
"""What `atlas migrate apply` says at its end; the statement is quoted as Go does, whose escapes are also Python's."""


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
    """Bring `atlas.sum` up to date; says whether it had to change."""
    sums = atlas_sums(folder)
    total = hashlib.sha256()
    for name, checksum in sums.items():
        total.update(name.encode())
        total.update(checksum.encode())
    lines = [_PREFIX + base64.b64encode(total.digest()).decode()]
    lines += [f"{name} {_PREFIX}{checksum}" for name, checksum in sums.items()]
    content = ("\n".join(lines) + "\n").encode()
    file = folder / ATLAS_SUM
    if file.is_file() and file.read_bytes() == content:
        return False
    file.write_bytes(content)
    return True


def failed_statement(log: str, folder: Path) -> str | None:
    """Where the statement stands that Atlas says it failed at: `20261102090000_prices.sql:3`.

    Args:
        log: of `atlas migrate apply`.
        folder: the migration files.

    Returns:
        The file's name and the statement's first line, without the line where the file has changed since; None where
        the log tells of no statement or there is no such file.
    """
    failed = _FAILED.search(log)
    file = next(folder.glob(f"{failed['version']}_*.sql"), None) if failed else None
    if not failed or not file:
        return None
    before, found, _ = file.read_bytes().decode(errors="replace").partition(ast.literal_eval(failed["quoted"]))
    return f"{file.name}:{before.count(chr(10)) + 1}" if found else file.name
