"""Migration files against what a database says it has: applied, pending, drifted.

Responsible for reading file names and checksums the way each migration tool does. Pure but for reading the files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from devenv.databases.atlas import SUM_FILE, atlas_sums
from devenv.databases.database import AppliedMigration
from devenv.databases.flyway import flyway_checksum

_FILE = re.compile(r"V?(?P<version>\d[\d.]*)_+(?P<name>.+)\.sql")
"""`20261101090000_items.sql` (Atlas), `V001__items.sql` (Flyway), `001_items.sql`."""

_SHA256 = "sha256:"
"""Begins the checksums that the migrations of ClickHouse keep."""


class MigrationState(StrEnum):
    """What is to be said of one migration."""

    APPLIED = "applied"
    PENDING = "pending"
    """There is a file, and the database does not have it."""
    DRIFTED = "drifted"
    """The file is not the one that was applied, or, with Atlas, follows such a file."""
    FAILED = "failed"
    """It was begun and not ended."""
    LOST = "lost"
    """The database has it, and there is no file any more."""


@dataclass(frozen=True, slots=True)
class MigrationFile:
    """One file of a stack's migrations."""

    version: str
    name: str
    path: Path
    checksum: str
    """As `AppliedMigration.checksum`; empty where it cannot be told from the file."""


@dataclass(frozen=True, slots=True)
class MigrationRow:
    """One migration, compared."""

    version: str
    name: str
    state: MigrationState


def migration_files(folder: Path) -> tuple[MigrationFile, ...]:
    """The migrations in a folder, in the order of their versions; other files are left out."""
    sums = atlas_sums(folder) if (folder / SUM_FILE).is_file() else {}
    found = [(match, path) for path in folder.iterdir() if (match := _FILE.fullmatch(path.name))]
    files = [
        MigrationFile(match["version"], match["name"], path, _checksum(path, sums.get(path.name, "")))
        for match, path in found
    ]
    return tuple(sorted(files, key=lambda file: _order(file.version)))


def compare(files: Sequence[MigrationFile], applied: Sequence[AppliedMigration]) -> tuple[MigrationRow, ...]:
    """What is to be said of each migration that there is a file or a record of."""
    records = {_order(record.version): record for record in applied}
    rows = [
        MigrationRow(file.version, file.name, _state(file, records.pop(_order(file.version), None))) for file in files
    ]
    rows += [MigrationRow(record.version, "", MigrationState.LOST) for record in records.values()]
    return tuple(sorted(rows, key=lambda row: _order(row.version)))


def _state(file: MigrationFile, record: AppliedMigration | None) -> MigrationState:
    if record is None:
        return MigrationState.PENDING
    if record.failed:
        return MigrationState.FAILED
    differs = file.checksum and record.checksum and file.checksum != record.checksum
    return MigrationState.DRIFTED if differs else MigrationState.APPLIED


def _checksum(path: Path, by_atlas: str) -> str:
    """Flyway's for names that begin with V, Atlas' where it keeps any, else that of our own program for ClickHouse."""
    if path.name.startswith("V"):
        return flyway_checksum(path)
    return by_atlas or _SHA256 + hashlib.sha256(path.read_bytes()).hexdigest()


def _order(version: str) -> tuple[int, ...]:
    """Versions are numbers with dots: 001 and 1 are one."""
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
