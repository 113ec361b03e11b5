"""Checks of what is written under `databases` in devenv.yaml, as far as it is not what any stack may get wrong."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.errors import ImageError, Problem
from devenv.spec.image_reference import Reference
from devenv.spec.project import ProjectSpec
from devenv.spec.services.container import HasImage
from devenv.spec.services.database import ProjectDatabase
from devenv.spec.services.databases import NODE_PORTS, name_in_server, versions_of
from devenv.spec.services.engine_rules import RULES
from devenv.spec.services.translation import Origin
from devenv.spec.versions import Versions
from devenv.spec.yaml.positions import Document, KeyPath


def database_problems(project: ProjectSpec, origin: Origin, versions: Versions | None) -> Iterator[Problem]:
    """Versions that the catalogue does not have, what the engine does not take, and too many databases."""
    document = origin.document
    for index, (name, database) in enumerate(project.databases.items()):
        at: KeyPath = ("databases", name)
        known = versions_of(database.engine, versions)
        if versions and database.version is not None and database.version not in known:
            message = f"there is no {database.engine} {database.version} in the catalogue"
            yield document.problem((*at, "version"), message, f"versions: {', '.join(known)}")
        yield from _engine_problems(name, database, at, document)
        if index >= len(NODE_PORTS):
            yield document.problem(at, f"there are more than {index} databases", "have several in one server")
        if isinstance(database.migrations, HasImage):
            yield from image_problems(database.migrations, (*at, "migrations"), document)


def _engine_problems(name: str, database: ProjectDatabase, at: KeyPath, document: Document) -> Iterator[Problem]:
    """Names, migrations and passwords that the engine has no place for."""
    engine, rules = database.engine, RULES[database.engine]
    yield from _name_problems(name, database, at, document)
    if database.user in rules.users:
        message = f"each {engine} server has a user {database.user} of its own"
        yield document.problem((*at, "user"), message, "choose another one")
    if database.password is False and not rules.opens:
        message = f"{engine} lets nobody in without a password"
        yield document.problem((*at, "password"), message, "leave it out, and one is made")
    if database.root_password is not None and not rules.has_root:
        message = f"{engine} has no user root"
        yield document.problem((*at, "root_password"), message, "leave it out: password is that of the owner")
    if database.migrations is not None:
        form = "a folder" if isinstance(database.migrations, str) else "a program"
        if not rules.migrations:
            message = f"{engine} has no migrations"
            yield document.problem((*at, "migrations"), message, "have what is there from the beginning in seeds")
        elif form not in rules.migrations:
            message = f"migrations of {engine} are {' or '.join(rules.migrations)}, and no program"
            yield document.problem((*at, "migrations"), message, "name a folder: migrations: db/migrations")


def _name_problems(name: str, database: ProjectDatabase, at: KeyPath, document: Document) -> Iterator[Problem]:
    engine, rules = database.engine, RULES[database.engine]
    called = name_in_server(name, database)
    place: KeyPath = (*at, "name") if database.name else at
    if rules.names is None:
        if database.name:
            yield document.problem(place, f"{engine} has no databases that could be named", "leave it out")
    elif place == at and called == engine:
        return  # as a stack is called that comes with devenv, which is told
    elif called in rules.reserved:
        yield document.problem(place, f"each server has a database {called} of its own", "choose another name")
    elif not rules.names.fullmatch(called):
        hint = f"give it another name in its server, name: {rules.form}" if place == at else f"expected: {rules.form}"
        yield document.problem(place, f"{engine} takes no database {called}", hint)


def image_problems(container: HasImage, at: KeyPath, document: Document) -> Iterator[Problem]:
    """An image that no engine would take for one."""
    if container.image is not None:
        try:
            Reference.parse(container.image)
        except ImageError as error:
            yield document.problem((*at, "image"), error.message, error.hint)
