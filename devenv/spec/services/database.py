"""A database of devenv.yaml: what is written, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, Tag

from devenv.spec.model import NamespaceName, SpecModel, Text, WrittenText
from devenv.spec.services.container import HasImage, VariableName

ProjectEngine = Literal["postgres", "mysql", "clickhouse", "redis", "nats"]
DatabaseName = Annotated[str, StringConstraints(pattern=r"^(?:[A-Za-z_][A-Za-z0-9_-]{0,50}|[0-9]{1,2})$")]
"""Of a database or its owner, with room for what devenv adds for copies of it."""


class MigrationProgram(HasImage):
    """A program that migrates the database that its variables lead to: DATABASE_URL, and those of the engine."""

    command: Annotated[tuple[WrittenText, ...], Field(min_length=1)]
    env: dict[VariableName, WrittenText] = {}
    """Further variables."""


def _form(value: Any) -> str:
    return "(program)" if isinstance(value, Mapping | MigrationProgram) else "(folder)"


Migrations = Annotated[
    Annotated[str | None, Tag("(folder)")] | Annotated[MigrationProgram, Tag("(program)")], Discriminator(_form)
]
"""A folder of files, or a program."""


Password = Annotated[
    Annotated[Literal[False], Tag("(false)")] | Annotated[Text | None, Tag("(text)")],
    Discriminator(lambda value: "(false)" if value is False else "(text)"),
]
"""A password, or none that is asked for."""


class ProjectDatabase(SpecModel):
    """A database of the project's own."""

    engine: ProjectEngine
    version: Text | None = None
    """One that the catalogue has; its first one when unset."""
    migrations: Migrations = None
    """Folder with migration files, or a program that migrates it."""
    seeds: str | None = None
    """Folder with files that are applied after the migrations."""
    namespace: NamespaceName | None = None
    name: DatabaseName | None = None
    """Of the database in its server; when unset its own name, with _ for -. Redis has "0" to "15"; NATS none."""
    user: DatabaseName | None = None
    """Its owner; when unset called like the database, and default in Redis."""
    password: Password = None
    """The owner's; made once when unset. False: Redis and NATS also let in who sends none."""
    root_password: Text | None = None
    """That of MySQL's root; made once when unset."""
