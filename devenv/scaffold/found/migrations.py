"""Databases out of folders of migrations."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from devenv.scaffold.found.services import FoundService
from devenv.scaffold.found.tree import Tree, lines_of, of_tests
from devenv.scaffold.names import service_named
from devenv.scaffold.sketch import Entry, Left
from devenv.spec.services.database import ProjectEngine
from devenv.spec.sql.migration_names import ATLAS_SUM, TOOLS, belongs_apart, read_name

_FOLDERS = frozenset({"migrations", "migration", "migrate"})
_GENERIC = frozenset({*_FOLDERS, "db", "database", "sql", "resources", "src", "main", "schema", "internal", "pkg"})
_OTHER_DIALECTS: Sequence[tuple[ProjectEngine, re.Pattern[str]]] = (
    (
        "mysql",
        re.compile(r"\bAUTO_INCREMENT\b|\bENGINE\s*=\s*InnoDB\b|^\s*CREATE TABLE[^;]*`", re.IGNORECASE | re.MULTILINE),
    ),
    ("clickhouse", re.compile(r"\bENGINE\s*=\s*\w*MergeTree\b", re.IGNORECASE)),
)
_GOOSE = re.compile(r"^--\s*\+(?:goose|migrate)\b", re.IGNORECASE | re.MULTILINE)
_DOWN = ".down.sql"
_SERVERS_OWN = ("template0", "template1", "mysql", "sys")


@dataclass(frozen=True, slots=True)
class _Program:
    """A tool whose migrations a program of the project's image runs."""

    tool: str
    file: str
    """What tells that it is there."""
    says: str
    """What the file has to say."""
    command: tuple[str, ...]
    below: str = ""
    """The folder of the program, where the file is not right in it."""


_PROGRAMS = (
    _Program("Alembic", "alembic.ini", "", ("alembic", "upgrade", "head")),
    _Program("Django", "manage.py", "django", ("python", "manage.py", "migrate")),
    _Program("Prisma", "schema.prisma", "postgresql", ("npx", "prisma", "migrate", "deploy"), "prisma"),
    _Program("Rails", "application.rb", "rails", ("bin/rails", "db:migrate"), "config"),
)


def databases(
    tree: Tree, services: Collection[FoundService], project: str, taken: set[str], left: list[Left]
) -> Iterator[Entry]:
    """A database of each folder of migrations.

    Args:
        tree: where they are.
        services: those whose images may have the program that migrates.
        project: the project's name.
        taken: names that others have; gets those of the databases.
        left: gets what is not taken.
    """

    def entry(
        folder: PurePosixPath, migrations: Any, comment: str, seeds: str = "", engine: ProjectEngine = "postgres"
    ) -> Entry:
        called = service_named(_named(folder, project), project, ())
        name = service_named(f"{called}-db" if called in taken else called, project, {*taken, *_SERVERS_OWN})
        taken.add(name)
        spec = {"engine": engine, "migrations": migrations, **({"seeds": seeds} if seeds else {})}
        return Entry(name, spec, comment, origin=folder)

    programs = tuple(_programs(tree, services, left))
    for folder, program, migrations in programs:
        yield entry(folder, migrations, f"migrated by {program.tool}")
    for folder in sorted(tree.by_folder):
        if any(folder.is_relative_to(home) for home, _, _ in programs):
            continue
        if engine := _engine_of(tree, folder, left):
            yield entry(folder, str(folder), "", _seeds(tree, folder), engine)


def _programs(
    tree: Tree, services: Collection[FoundService], left: list[Left]
) -> Iterator[tuple[PurePosixPath, _Program, Any]]:
    for file in tree.files:
        for program in _PROGRAMS:
            if file.name != program.file or of_tests(file) or program.says not in tree.text(file).lower():
                continue
            if program.below and file.parent.name != program.below:
                continue
            folder = file.parent.parent if program.below else file.parent
            if program.tool == "Rails" and not tree.has(folder / "db" / "migrate"):
                continue
            image = _nearest(services, folder)
            if image is None:
                hint = f"migrations: {{build: FOLDER, command: [{', '.join(program.command)}]}}"
                left.append(
                    Left(file, 1, f"migrations of {program.tool}, and no Dockerfile whose image has them", hint)
                )
            else:
                yield folder, program, {"build": image.build, "command": list(program.command)}


def _nearest(services: Collection[FoundService], folder: PurePosixPath) -> FoundService | None:
    """The service whose image is built from a folder, or one above."""
    around = [each for each in services if folder.is_relative_to(each.context)]
    return max(around, key=lambda each: len(each.context.parts), default=None)


def _engine_of(tree: Tree, folder: PurePosixPath, left: list[Left]) -> ProjectEngine | None:
    """Whose migrations a folder holds, if they are applied as they are; if nearly, that is told."""
    names = [name for name in tree.by_folder[folder] if name.endswith(".sql")]
    flyway = [name for name in names if name[:1] in "VRUB" and read_name(name)]
    is_meant = folder.name.lower() in _FOLDERS or ATLAS_SUM in tree.by_folder[folder] or flyway
    if not names or not is_meant or of_tests(folder / "x"):
        return None
    first = folder / names[0]
    if (engine := _written_for(tree, folder, names)) and not _annotated(tree, folder, names):
        return engine
    for test in (_other_dialect, _annotated, _with_ways_back, _by_flyways_order):
        if found := test(tree, folder, names):
            left.append(Left(found[0] if isinstance(found[0], PurePosixPath) else first, *found[1:]))
            return None
    return "postgres"


def _written_for(tree: Tree, folder: PurePosixPath, names: Sequence[str]) -> ProjectEngine | None:
    """The other engine whose dialect is spoken and whose tool takes all of the names."""
    if any(name.endswith(_DOWN) for name in names):
        return None
    for engine, pattern in _OTHER_DIALECTS:
        tool = TOOLS[engine]
        if any(pattern.search(tree.text(folder / name)) for name in names) and all(
            read_name(name, tool) or belongs_apart(name, tool) for name in names
        ):
            return engine
    return None


_Finding = tuple[PurePosixPath, int, str, str]
_Test = Callable[[Tree, PurePosixPath, Sequence[str]], "_Finding | None"]


def _other_dialect(tree: Tree, folder: PurePosixPath, names: Sequence[str]) -> _Finding | None:
    for name in names:
        text = tree.text(folder / name)
        for engine, pattern in _OTHER_DIALECTS:
            if found := pattern.search(text):
                line = text.count("\n", 0, found.end()) + 1
                named = "V1__a.sql" if engine == "mysql" else "001_a.sql"
                hint = f"name them like {named}, for databases: {{NAME: {{engine: {engine}, migrations: {folder}}}}}"
                return folder / name, line, f"migrations of {engine}", hint
    return None


def _annotated(tree: Tree, folder: PurePosixPath, names: Sequence[str]) -> _Finding | None:
    for name in names:
        for line, text in lines_of(tree.text(folder / name)):
            if _GOOSE.match(text):
                return (
                    *(folder / name, line, "both ways are in one file, by goose or sql-migrate"),
                    "have a program run them: migrations: {build: FOLDER, command: [goose, up]}",
                )
    return None


def _with_ways_back(_tree: Tree, folder: PurePosixPath, names: Sequence[str]) -> _Finding | None:
    back = next((name for name in names if name.endswith(_DOWN) or (name[:1] == "U" and "__" in name)), None)
    if back is None:
        return None
    tool = "golang-migrate" if back.endswith(_DOWN) else "Flyway"
    return (
        *(folder / back, 1, f"a way back, as {tool} has it, would be applied as the others are"),
        "keep those in another folder, or have a program run them: migrations: {build: FOLDER, command: [migrate, up]}",
    )


def _by_flyways_order(_tree: Tree, folder: PurePosixPath, names: Sequence[str]) -> _Finding | None:
    """Flyway counts, where names are compared here; what is repeatable has no version."""
    read = [(name, found) for name in sorted(names) if name[:1] in "VRB" and (found := read_name(name))]
    odd = next((name for name, found in read if found.kind != "versioned"), None)
    counted = sorted((found.order, name) for name, found in read)
    if odd is None:
        odd = next((name for (name, _), (_, by_count) in zip(read, counted, strict=True) if name != by_count), None)
    if odd is None:
        return None
    message = "Flyway applies this one in another order than that of the names"
    return folder / odd, 1, message, "write all versions with as many digits: V002, V010"


def _seeds(tree: Tree, folder: PurePosixPath) -> str:
    """A folder of seeds beside that of the migrations."""
    found = next((folder.parent / name for name in ("seeds", "seed") if folder.parent / name in tree.by_folder), None)
    return str(found) if found and all(name.endswith(".sql") for name in tree.by_folder[found]) else ""


def _named(folder: PurePosixPath, project: str) -> str:
    """After the nearest folder that is called after something."""
    return next((part for part in reversed(folder.parts) if part.lower() not in _GENERIC), project)
