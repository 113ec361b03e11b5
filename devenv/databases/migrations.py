"""Migration files against what a database says it has: applied, pending, drifted.

Responsible for reading file names and checksums the way each migration tool does. Pure but for reading the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from devenv.databases.applied import AppliedMigration
from devenv.databases.atlas import atlas_sums
from devenv.databases.flyway import flyway_checksum
from devenv.spec.read.places import visible_files
from devenv.spec.sql.migration_names import ATLAS_SUM, Kind, Order, Tool, order, read_name, tool_of
from devenv.spec.stack import DatabaseEngine

_SHA256 = "sha256:"
"""Begins the checksums that the migrations of ClickHouse keep."""


class MigrationState(StrEnum):
    """What is to be said of one migration."""

    APPLIED = "applied"
    PENDING = "pending"
    """There is a file, and the database does not have it; or, of a repeatable one, has it as it was before."""
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
    """Empty for a repeatable one, which runs whenever its file has changed."""
    name: str
    path: Path
    checksum: str
    """As `AppliedMigration.checksum`; empty where it cannot be told from the file."""
    kind: Kind = "versioned"

    @property
    def order(self) -> Order:
        """Where it stands among the others."""
        return order(self.version, self.name)


@dataclass(frozen=True, slots=True)
class MigrationRow:
    """One migration, compared."""

    version: str
    name: str
    state: MigrationState


def migration_files(
    folder: Path, engine: DatabaseEngine | None = None, images: Iterable[str] = ()
) -> tuple[MigrationFile, ...]:
    """The migrations of a folder as the engine's tool reads them, in their order; other files are left out.

    Without an engine, each file's name says whose it is; `images` are the names of those of its stack.
    """
    paths = visible_files(folder)
    tool = tool_of((path.name for path in paths), engine, images) if engine else None
    sums = atlas_sums(folder) if tool == "Atlas" or (folder / ATLAS_SUM).is_file() else {}
    files = [
        MigrationFile(name.version, name.name, path, _checksum(path, tool, sums.get(path.name, "")), name.kind)
        for path in paths
        # Flyway alone looks into subfolders.
        if (path.parent == folder or tool in {"Flyway", None}) and (name := read_name(path.name, tool))
    ]
    return tuple(sorted(files, key=lambda file: (file.order, file.kind)))


def compare(
    files: Sequence[MigrationFile], applied: Sequence[AppliedMigration], *, repeatable: bool = False
) -> tuple[MigrationRow, ...]:
    """What is to be said of each migration that there is a file or a record of.

    Args:
        files: as they are now.
        applied: the database's records, in the order in which they were made.
        repeatable: whether those of repeatable migrations are among them. Without, these count as applied: the tool
            runs them at the end of each run.
    """
    records = {order(record.version, record.name): record for record in applied if not record.baseline}
    covered = max((order(record.version, "") for record in applied if record.baseline), default=None)
    rows = []
    for file in files:
        if file.kind == "baseline":
            state = _baseline_state(file, records, covered)
        elif file.kind == "repeatable" and not repeatable:
            state = MigrationState.APPLIED
        else:
            state = _state(file, records.pop(file.order, None), covered)
        rows.append(MigrationRow(file.version, file.name, state))
    rows += [MigrationRow(record.version, record.name, MigrationState.LOST) for record in records.values()]
    return tuple(sorted(rows, key=lambda row: order(row.version, row.name)))


def _state(file: MigrationFile, record: AppliedMigration | None, covered: Order | None) -> MigrationState:
    if record is None:
        # What a baseline contains is never run.
        return MigrationState.APPLIED if covered is not None and file.order <= covered else MigrationState.PENDING
    if record.failed:
        return MigrationState.FAILED
    if not file.checksum or not record.checksum or file.checksum == record.checksum:
        return MigrationState.APPLIED
    return MigrationState.PENDING if file.kind == "repeatable" else MigrationState.DRIFTED


def _baseline_state(file: MigrationFile, records: Mapping[Order, object], covered: Order | None) -> MigrationState:
    """Flyway begins an empty database with the newest baseline, and needs none in a database that has its version."""
    known: Iterable[Order] = (*records, *(() if covered is None else (covered,)))
    return MigrationState.APPLIED if any(file.order <= version < (2,) for version in known) else MigrationState.PENDING


def _checksum(path: Path, tool: Tool | None, by_atlas: str) -> str:
    """As the tool keeps it: Flyway's, Atlas' where it has written any, else that of our own program for ClickHouse."""
    if tool == "Flyway" or (tool is None and path.name[:1] in {"V", "R", "B"}):
        return flyway_checksum(path)
    return by_atlas or _SHA256 + hashlib.sha256(path.read_bytes()).hexdigest()
