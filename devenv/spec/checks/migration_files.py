"""Checks of migrations and seeds that stop what would apply them: names, sizes, texts, statements beyond the database.

Responsible for what can be told without a server, so that nothing is installed, emptied or left out first. Each tool
would pass over a file that it does not know, and say that all is applied. It is asked by those who apply migrations
and no others: a database's shell opens whatever its files are called and hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.checks.database_files import database_file_problems
from devenv.spec.checks.folders import LIMIT_BYTES, carried_bytes
from devenv.spec.read.places import visible_files
from devenv.spec.read.problems import require_none
from devenv.spec.sql.migration_names import Order, Tool, belongs_apart, read_name, tool_of
from devenv.spec.sql.qualified_names import Dialect, qualified_names
from devenv.spec.stack import Database
from devenv.spec.workspace import LoadedStack

_SQL = ".sql"
_FORMS: dict[Tool, str] = {
    "Flyway": "V1_2__what_it_does.sql, or R__what_it_makes.sql",
    "Atlas": "20261101090000_what_it_does.sql",
    "clickhouse-migrate": "001_what_it_does.sql",
}
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DIALECTS: dict[str, Dialect] = {"mysql": "mysql", "clickhouse": "clickhouse"}
"""Of the servers in which a statement can reach another database; in PostgreSQL it cannot."""


def require_sound_migrations(stacks: Iterable[LoadedStack]) -> None:
    """Raise SpecError with everything that is wrong with the stacks' migrations, seeds and folders for pods."""
    require_none(problem for stack in stacks for problem in migration_problems(stack))


def migration_problems(stack: LoadedStack) -> Iterator[Problem]:
    """What is wrong with a stack's migrations, seeds and folders for pods, all of which are there."""
    folders = [stack.root / carried.folder for carried in stack.spec.config_maps]
    for folder in folders:
        if (size := carried_bytes(folder)) > LIMIT_BYTES:
            message = f"the folder has {size / 2**20:.1f} MiB; at most {LIMIT_BYTES >> 20} MiB can be carried to pods"
            yield Problem(folder, 1, "", message, "put what is large into an image of its own")
    database = stack.spec.database
    if database:
        yield from database_file_problems(stack.root, database)
    if database is None or database.engine not in {"mysql", "postgres", "clickhouse"}:
        return
    if database.migrations:
        folder = stack.root / database.migrations
        files = visible_files(folder)
        if tool := tool_of((file.name for file in files), database.engine, stack.spec.images):
            yield from _of_names(folder, files, tool)
            yield from _of_order(files) if tool == "Atlas" else ()
    folders += [stack.root / path for path in (database.migrations, database.seeds) if path]
    for file in sorted({file for folder in folders for file in visible_files(folder) if file.suffix == _SQL}):
        yield from _of_text(file, database)


def _of_names(folder: Path, files: Iterable[Path], tool: Tool) -> Iterator[Problem]:
    known: dict[tuple[str, Order], Path] = {}
    for file in files:
        if file.suffix.lower() != _SQL:
            continue
        if misplaced := _misplaced(file, folder, tool):
            yield Problem(file, 1, "", *misplaced)
        elif name := read_name(file.name, tool):
            other = known.setdefault((name.kind, name.order), file)
            if other != file:
                what = f"version, {name.version}" if name.version else f"name, {name.name}"
                message = f"{other.relative_to(folder)} has the same {what}"
                yield Problem(file, 1, "", message, "give one of the two another one")
        elif not belongs_apart(file.name, tool):
            message = f"{tool} would pass over {file.name}: its name is not that of a migration"
            yield Problem(file, 1, "", message, f"name it like {_FORMS[tool]}")


def _of_order(files: Iterable[Path]) -> Iterator[Problem]:
    """Atlas goes by names: 10 comes before 2 there."""
    named = sorted(file for file in files if file.suffix == _SQL)
    for file, counted in zip(named, sorted(named, key=_as_counted), strict=True):
        if file != counted:
            message = f"Atlas goes by names, so that {file.name} comes before {counted.name}"
            yield Problem(file, 1, "", message, "write all numbers with as many digits: 002, 010")
            return


def _as_counted(file: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"([0-9]+)", file.name)]


def _misplaced(file: Path, folder: Path, tool: Tool) -> tuple[str, str] | None:
    """What keeps a tool from reading a file, whatever it is, and what helps."""
    where = str(file.relative_to(folder))
    if file.suffix != _SQL:
        return f"{tool} reads only files that end with {_SQL}, in small letters", f"rename it: {file.stem}{_SQL}"
    if _UNFIT.search(where):
        return f"{where!r} has bytes that are no UTF-8, or control characters", "rename it"
    if file.parent != folder and tool != "Flyway":
        return f"{tool} does not look into subfolders", f"move it to {folder}"
    return None


def _of_text(file: Path, database: Database) -> Iterator[Problem]:
    dialect = _DIALECTS.get(database.engine)
    text = file.read_bytes().decode("utf-8-sig", "replace") if dialect else ""
    if dialect and (named := next(qualified_names(text, database.name, dialect), None)):
        message = (
            f"{named.text} names the database: devenv runs this file in a copy of {database.name} first, "
            "from where it would reach the live data"
        )
        yield Problem(file, named.line, "", message, f"leave out USE and {database.name}: it runs in its database")
