"""Names of migration files, read the way each migration tool reads them. Pure.

Flyway's grammar is that of its ResourceNameParser and MigrationVersion; what else it does with names was tried with
11.14.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from devenv.spec.stack import DatabaseEngine

Tool = Literal["Flyway", "Atlas", "clickhouse-migrate"]
Kind = Literal["versioned", "repeatable", "baseline"]
Order = tuple[int, tuple[int, ...], str]
"""Where a migration stands among the others; equal for those that are one to the tool."""

TOOLS: Mapping[DatabaseEngine, Tool] = {"mysql": "Flyway", "clickhouse": "clickhouse-migrate"}
"""What migrates the databases of an engine, where that is one tool with names of its own for files."""
ATLAS_SUM = "atlas.sum"
"""The file in which Atlas keeps checksums."""
_FLYWAY = re.compile(r"(?P<prefix>[VRB])(?P<version>.*?)(?:__(?P<name>.*))?\.sql", re.DOTALL)
_FLYWAY_VERSION = re.compile(r"\d+(?:[._]\d+)*", re.ASCII)
_FLYWAY_APART = re.compile(r"(?:(?:before|after)[A-Z]\w*|createSchema)(?:__.*)?\.sql|U.*\.sql", re.DOTALL)
"""Callbacks, which Flyway runs and keeps no record of, and undo files, which its free edition leaves alone."""
_FLYWAY_KINDS: dict[str, Kind] = {"V": "versioned", "R": "repeatable", "B": "baseline"}
_CLICKHOUSE = re.compile(r"V?(?P<version>\d[\d.]*)_+(?P<name>.+)\.sql", re.ASCII | re.DOTALL)
_ATLAS = re.compile(r"(?P<version>[^_]+)(?:_(?P<name>.*))?\.sql", re.DOTALL)
_UNKNOWN = re.compile(r"(?P<version>\d[\d.]*)_+(?P<name>.+)\.sql", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MigrationName:
    """What a file's name says."""

    kind: Kind
    version: str
    """As the tool shows it: `1.1` of `V1_1__b.sql`; empty for a repeatable one."""
    name: str
    """As in the file's name."""

    @property
    def order(self) -> Order:
        """Versions by number, repeatable migrations after all of them."""
        return order(self.version, self.name)


def order(version: str, name: str) -> Order:
    """Where a version stands: 001, 1 and 1.0 are one. A version that is no number is its own text."""
    if not version:
        return 2, (), name.replace("_", " ")
    parts = version.replace("_", ".").rstrip(".").split(".")
    if not all(part.isdecimal() for part in parts):
        return 1, (), version
    numbers = [int(part) for part in parts]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return 0, tuple(numbers), ""


def tool_of(files: Iterable[str], engine: DatabaseEngine, images: Iterable[str] = ()) -> Tool | None:
    """The tool that a folder of files with these names is meant for, as far as it can be told.

    Args:
        files: their names.
        engine: what they migrate.
        images: names of the images that the stack uses.
    """
    names = list(files)
    if ATLAS_SUM in names or "atlas" in images:
        return "Atlas"
    if engine == "clickhouse":
        return "clickhouse-migrate"
    return "Flyway" if "flyway" in images or any(_flyway(name) for name in names) else None


def read_name(file: str, tool: Tool | None = None) -> MigrationName | None:
    """What the name of a file says to a tool; None for what is no migration.

    Without a tool the name itself says whose it is: `V001__items.sql` is Flyway's.
    """
    if tool == "Flyway" or (tool is None and file[:1] in _FLYWAY_KINDS):
        return _flyway(file)
    form = {"clickhouse-migrate": _CLICKHOUSE, "Atlas": _ATLAS}.get(tool or "", _UNKNOWN)
    match = form.fullmatch(file)
    return MigrationName("versioned", match["version"], match["name"] or "") if match else None


def belongs_apart(file: str, tool: Tool) -> bool:
    """Whether a tool knows a file of this name as something else than a migration."""
    return tool == "Flyway" and _FLYWAY_APART.fullmatch(file) is not None


def _flyway(file: str) -> MigrationName | None:
    match = _FLYWAY.fullmatch(file)
    if match is None:
        return None
    kind, version = _FLYWAY_KINDS[match["prefix"]], match["version"]
    fits = not version if kind == "repeatable" else _FLYWAY_VERSION.fullmatch(version)
    return MigrationName(kind, version.replace("_", "."), match["name"] or "") if fits else None
