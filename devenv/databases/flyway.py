"""What Flyway records of the migrations it has applied: its history, and the checksums in it."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterable
from pathlib import Path

from devenv.databases.applied import AppliedMigration

HISTORY = "flyway_schema_history"
"""The table that it keeps them in."""
HISTORY_ROWS = "version, description, type, coalesce(checksum, ''), success"
"""What `applied_migrations` takes of each row, in the order of `installed_rank`."""
_TAKEN_BACK = {"DELETE", "UNDO_SQL", "UNDO_JDBC"}
"""Rows that tell of a migration that it counts as not applied any more."""
_BASELINES = {"BASELINE", "SQL_BASELINE"}

_ANEW = "or have all run from nothing, which drops the live data: devenv reset-db {stack}"
_HINTS = (
    (
        re.compile(r"not resolved locally: (?P<what>\w+(?:\.\w+)*)"),
        f"bring back the migration of version {{what}}, {_ANEW}",
    ),
    (
        re.compile(r"checksum mismatch for migration version (?P<what>\S+)"),
        f"make the migration of version {{what}} again what it was, {_ANEW}",
    ),
    (
        re.compile(
            r"matching row in the user table|not allowed to create a user with GRANT|GRANT command denied"
            r"|CREATE USER privilege|, line \d+:\n\s*(?:GRANT|REVOKE|(?:CREATE|ALTER|DROP)\s+(?:USER|ROLE))\b",
            re.IGNORECASE,
        ),
        "take it out: accounts and their rights are the server's; the stack mysql makes those of its value accounts",
    ),
)
"""What Flyway says, or the chart's migrate.sh, which ends with the statement that failed, and what helps."""
_LINE_END = re.compile(rb"\r\n|\r|\n")
_SIGN = 1 << 31


def flyway_checksum(path: Path) -> str:
    """A file's checksum as `flyway_schema_history` has it: the CRC-32 of its lines without their ends, signed."""
    # In bytes: the ends of lines are the same ones in UTF-8, and what is no UTF-8 is not for this to refuse.
    value = zlib.crc32(_LINE_END.sub(b"", path.read_bytes().removeprefix(codecs.BOM_UTF8)))
    return str(value - 2 * _SIGN if value >= _SIGN else value)


def applied_migrations(rows: Iterable[tuple[str | None, str, str, str | int, int]]) -> tuple[AppliedMigration, ...]:
    """The history as records, the last one of each migration: repeatable ones come again whenever they are run."""
    found: dict[str, AppliedMigration] = {}
    for version, description, kind, checksum, success in rows:
        key = version or f"R__{description}"
        found.pop(key, None)
        if kind not in _TAKEN_BACK:
            found[key] = AppliedMigration(
                version or "",
                str(checksum),
                not success,
                name="" if version else description,
                baseline=kind in _BASELINES,
            )
    return tuple(found.values())


def flyway_hint(log: str, stack: str) -> str:
    """What helps where Flyway has failed with this log; empty where its own words are all there is to say."""
    for pattern, hint in _HINTS:
        if found := pattern.search(log):
            return hint.format(stack=stack, **found.groupdict())
    return ""
