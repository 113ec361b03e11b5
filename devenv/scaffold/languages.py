"""A new product in one of the languages: an API, a worker and a database that work at once.

Its files are in `templates/init`, whole and as they are written. Which of them, and what devenv.yaml says of them, is
told here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from devenv.errors import UsageError
from devenv.scaffold.document import flow
from devenv.scaffold.sketch import Entry, Sketch

LanguageName = Literal["python", "go", "node", "java"]
DatabaseName = Literal["postgres", "none"]
_API, _WORKER, _DATABASE = "api", "worker", "notes"
_PLACE = "/srv"
"""Where the images have the programs."""


@dataclass(frozen=True, slots=True)
class _Language:
    port: int
    worker: tuple[str, ...]
    """Its command."""
    bases: Mapping[str, str] = field(default_factory=dict)
    """Build argument to the image of the catalogue that stands for it where no registry answers."""
    jdbc: bool = False
    """Whether it takes the database's address in that form."""
    synced: str = ""
    """What need not be built when it is saved."""
    command: tuple[str, ...] = ()
    """That of the API, which a program that is started anew has to have written."""


_LANGUAGES: Mapping[LanguageName, _Language] = {
    "python": _Language(
        8000, ("python", "worker.py"), {"PYTHON": "python"}, synced="*.py", command=("gunicorn", "app:app")
    ),
    "go": _Language(8080, ("/usr/bin/worker",), {"GOLANG": "golang"}),
    "node": _Language(
        8080, ("node", "worker.mjs"), {"NODEJS": "nodejs"}, synced="*.mjs", command=("node", "server.mjs")
    ),
    "java": _Language(8080, ("java", "Worker"), {"MAVEN": "maven", "JAVA": "java"}, jdbc=True),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new product is made of."""

    project: str
    language: LanguageName
    worker: bool = True
    database: DatabaseName = "postgres"


def sketch_of(wish: Wish, templates: Path) -> Sketch:
    """The product, with its files.

    Args:
        wish: what it is made of.
        templates: the folder `templates/init`.

    Raises:
        UsageError: devenv has no such language.
    """
    if wish.language not in _LANGUAGES:
        raise UsageError(f"there is no template in {wish.language}", hint=f"languages: {', '.join(_LANGUAGES)}")
    language = _LANGUAGES[wish.language]
    with_database = wish.database != "none"
    build: dict[str, Any] = {"build": {"context": _API, "bases": dict(language.bases)} if language.bases else _API}
    env = {"env": _database_env(language)} if with_database else {}
    api = {**build, "port": language.port, "health": "/healthz", **env}
    worker = {**build, "command": list(language.worker), **(env or {"env": {"API_URL": {"service": _API}}})}
    services = [
        Entry(_API, api, f"http://{_API}.{wish.project}.localhost:8080", _remarks(language)),
        Entry(_WORKER, worker, "the same image, another command"),
    ]
    database = {"engine": wish.database, "migrations": "db/migrations", "seeds": "db/seeds"}
    folders = [templates / wish.language / ("database" if with_database else "plain")]
    return Sketch(
        project=wish.project,
        services=tuple(services if wish.worker else services[:1]),
        databases=(Entry(_DATABASE, database),) if with_database else (),
        files=_files([*folders, *([templates / "database"] if with_database else [])], worker=wish.worker),
    )


def _remarks(language: _Language) -> tuple[str, ...]:
    """How saves get into running containers without a build, where nothing is compiled."""
    if not language.synced:
        return ()
    rule = {"from": language.synced, "to": _PLACE, "restart": True}
    return (
        "With these two lines `devenv dev` puts what you save into the running container, without a build:",
        f"command: {flow(list(language.command))}",
        f"sync: {flow([rule])}",
    )


def _database_env(language: _Language) -> dict[str, Any]:
    if not language.jdbc:
        return {"DATABASE_URL": {"database": _DATABASE}}
    parts = {"JDBC_URL": "jdbc", "DATABASE_USER": "username", "DATABASE_PASSWORD": "password"}
    return {name: {"database": _DATABASE, "key": key} for name, key in parts.items()}


def _files(folders: list[Path], *, worker: bool) -> dict[str, bytes]:
    """All files below folders, but for those of a worker that is not wanted."""
    return {
        str(relative): file.read_bytes()
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
        for relative in [file.relative_to(folder)]
        if worker or not any(part.lower().startswith(_WORKER) for part in relative.parts)
    }
