"""Checks of a database's migrations and seeds that need no server: encodings, and what they do to the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.read.places import visible_files
from devenv.spec.sql.server_objects import atlas_problems, server_object_problems
from devenv.spec.stack import Database
from devenv.spec.yaml.text import NotTextError, read_text

_SQL = ("postgres", "mysql", "clickhouse")
_LOOK_LIKE_SEEDS = (".gz", ".bz2", ".xz", ".zst", ".zip", ".dump", ".backup", ".tar", ".ddl", ".sql", ".psql", ".pgsql")
"""What people call dumps and scripts: applied by nobody here, so not to be passed over in silence."""


def database_file_problems(root: Path, database: Database) -> Iterator[Problem]:
    """What is wrong with the files in a stack's folders `migrations` and `seeds`, as far as those are there."""
    for folder in (database.migrations, database.seeds):
        for path in _files(root, folder):
            applied = path.suffix == ".sql" or (folder == database.seeds and database.engine != "postgres")
            if applied:
                yield from _problems(path, database.engine)
                if folder == database.migrations and database.engine == "postgres":
                    yield from atlas_problems(path)
            elif folder == database.seeds and path.suffix.lower() in _LOOK_LIKE_SEEDS:
                yield Problem(path, 1, "", "it is not applied: seeds are *.sql files", _unpacking(path))


def _problems(path: Path, engine: str) -> Iterator[Problem]:
    try:
        text = read_text(path)
    except NotTextError as error:
        yield Problem(path, error.line, "", error.message, error.hint)
    except OSError as error:
        yield Problem(path, 1, "", f"the file cannot be read: {(error.strerror or str(error)).lower()}")
    else:
        if engine in _SQL:
            yield from server_object_problems(path, text, engine)


def _files(root: Path, folder: str | None) -> list[Path]:
    return visible_files(root / folder) if folder else []


def _unpacking(path: Path) -> str:
    if path.suffix.lower() in {".sql", ".psql", ".pgsql", ".ddl"}:
        return f"rename it: {path.stem}.sql"
    if path.suffix == ".gz":
        return f"gunzip {path}"
    return f"pg_restore --file {path.with_suffix('.sql')} {path}, or unpack it"
