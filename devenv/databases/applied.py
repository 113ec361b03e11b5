"""What a database says of its migrations, whichever tool has applied them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    """One migration that the database says it has."""

    version: str
    """As in the file's name: `20261101090000`, `001`; empty for a repeatable one."""
    checksum: str = ""
    """Of the file as it was applied, in the migration tool's own form; empty when it keeps none."""
    failed: bool = False
    name: str = ""
    """What a repeatable one is known by."""
    baseline: bool = False
    """Nothing was applied: the database is said to have everything up to this version."""
