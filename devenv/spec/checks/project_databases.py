"""Checks of what is written under `databases` in devenv.yaml, as far as it is not what any stack may get wrong."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.errors import ImageError, Problem
from devenv.spec.image_reference import Reference
from devenv.spec.project import ProjectSpec
from devenv.spec.services.container import HasImage
from devenv.spec.services.databases import NODE_PORTS, versions_of
from devenv.spec.services.translation import Origin
from devenv.spec.versions import Versions
from devenv.spec.yaml.positions import Document, KeyPath

_RESERVED = ("postgres", "template0", "template1", "mysql", "sys")
"""Databases that a server has for itself."""


def database_problems(project: ProjectSpec, origin: Origin, versions: Versions | None) -> Iterator[Problem]:
    """Versions that the catalogue does not have, names that a server has for itself, and too many of them."""
    document = origin.document
    for index, (name, database) in enumerate(project.databases.items()):
        at: KeyPath = ("databases", name)
        known = versions_of(database.engine, versions)
        if versions and database.version is not None and database.version not in known:
            message = f"there is no {database.engine} {database.version} in the catalogue"
            yield document.problem((*at, "version"), message, f"versions: {', '.join(known)}")
        if name in _RESERVED[1:]:
            yield document.problem(at, f"each server has a database {name} of its own", "choose another name")
        if index >= len(NODE_PORTS):
            yield document.problem(at, f"there are more than {index} databases", "have several in one server")
        if isinstance(database.migrations, HasImage):
            yield from image_problems(database.migrations, (*at, "migrations"), document)


def image_problems(container: HasImage, at: KeyPath, document: Document) -> Iterator[Problem]:
    """An image that no engine would take for one."""
    if container.image is not None:
        try:
            Reference.parse(container.image)
        except ImageError as error:
            yield document.problem((*at, "image"), error.message, error.hint)
