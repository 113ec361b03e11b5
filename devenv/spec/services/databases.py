"""Databases of devenv.yaml as stacks: each becomes what a `stack.yaml` would give, with the chart of its engine.

What that is for an engine is data: `stacks/databases/<engine>.yaml` of devenv.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devenv.spec.model import Values
from devenv.spec.project import ProjectSpec
from devenv.spec.read.discover import StackFolder
from devenv.spec.read.drafts import StackDraft
from devenv.spec.read.places import PathProblem
from devenv.spec.render import fill, merged
from devenv.spec.services.database import ProjectDatabase
from devenv.spec.services.engine_rules import RULES
from devenv.spec.services.images import ImageNames, image_of
from devenv.spec.services.translation import Origin
from devenv.spec.sql.migration_names import ATLAS_SUM
from devenv.spec.stack import StackSpec
from devenv.spec.versions import Versions
from devenv.spec.yaml.derived import DerivedDocument
from devenv.spec.yaml.loader import Loader
from devenv.spec.yaml.positions import KeyPath

NODE_PORTS = range(30600, 30700)
SPARE_NODE_PORTS = NODE_PORTS[:8]
"""Of these each cluster has a port on this machine from the beginning: a cluster's ports are fixed when it is made."""
_NAMESPACE = "{namespace_prefix}-database"
_WHOLE_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class EngineStacks:
    """What databases are translated with."""

    folder: Path
    """With a file for each engine."""
    profile_values: Mapping[str, Mapping[str, Values]]
    """What the built-in stack of each engine has in each profile."""
    node_ports: frozenset[int]
    """Those that other stacks have."""


def translate_databases(
    project: ProjectSpec, origin: Origin, versions: Versions | None, engines: EngineStacks, images: ImageNames
) -> list[StackDraft]:
    """A stack for each database of a project, under its name.

    Args:
        project: whose databases.
        origin: where they are written.
        versions: the catalogue.
        engines: what they are translated with.
        images: of the project and the catalogue.
    """
    free = (port for port in NODE_PORTS if port not in engines.node_ports)
    return [
        _draft(_Database(project, name, database, port), origin, versions, engines, images)
        for (name, database), port in zip(project.databases.items(), free, strict=False)
    ]


def versions_of(engine: str, versions: Versions | None) -> Mapping[str, str]:
    """Version to the name of its image, for the versions of an engine that the catalogue has; the usual one first."""
    return versions.databases.get(engine, {}) if versions else {}


def name_in_server(name: str, database: ProjectDatabase) -> str:
    """What a database of devenv.yaml is called in its server."""
    return database.name or RULES[database.engine].database or name.replace("-", "_")


@dataclass(frozen=True, slots=True)
class _Database:
    project: ProjectSpec
    name: str
    spec: ProjectDatabase
    node_port: int

    def words(self, versions: Versions | None) -> dict[str, str]:
        """What the words in braces of the engine's file stand for."""
        known = versions_of(self.spec.engine, versions)
        database = name_in_server(self.name, self.spec)
        wanted = self.spec.version or ""
        version = wanted if wanted in known else next(iter(known), "")
        return {
            "name": self.name,
            "database": database,
            "user": self.spec.user or RULES[self.spec.engine].user or self.spec.name or self.name.replace("-", "_"),
            "space": self.spec.namespace or _NAMESPACE,
            "version": version,
            "image": known.get(version, self.spec.engine),
            "node_port": str(self.node_port),
            "folder": self.spec.migrations if isinstance(self.spec.migrations, str) else "",
        }


def _draft(
    database: _Database, origin: Origin, versions: Versions | None, engines: EngineStacks, images: ImageNames
) -> StackDraft:
    name, spec = database.name, database.spec
    at: KeyPath = ("databases", name)
    template = yaml.load((engines.folder / f"{spec.engine}.yaml").read_bytes(), Loader)  # noqa: S506 -- a safe one
    data = merged(template["stack"], _migrations(database, template, origin, images, versions))
    if spec.password is False:
        data = merged(data, template.get("open", {}))
    elif spec.password is not None:
        data = _with_secret(data, password=spec.password)
    if spec.root_password is not None:
        data = _with_secret(data, root_password=spec.root_password)
    if spec.seeds:
        data = merged(data, {"database": {"seeds": spec.seeds}})
    filled = _with_numbers(fill(data, database.words(versions)))
    places: dict[KeyPath, KeyPath] = {(key,): (*at, key) for key in ("version", "namespace")}
    places |= {("database", key): (*at, key) for key in ("migrations", "seeds")}
    places[("config_maps",)] = (*at, "migrations")
    for image in filled["images"]:
        for key in ("build", "upstream"):
            places[("images", image, key)] = (*at, "migrations", key if key == "build" else "image")
    stack = StackSpec.model_validate(filled).in_project(database.project.prefix)
    folder = StackFolder(origin.boundary.root, origin.boundary, builtin=False, name=name, layer=stack.layer)
    document = DerivedDocument(origin.document.file, origin.document.root, at, places)
    return StackDraft(folder, stack, document, engines.profile_values.get(spec.engine, {}), (), ())


def _with_secret(data: Values, **given: str) -> Values:
    """The same, with passwords that are given in the place of those that are made."""
    secrets = [{**secret, "value": {**secret["value"], **given}} for secret in data["secrets"]]
    return {**data, "secrets": secrets}


def _migrations(
    database: _Database, template: Mapping[str, Any], origin: Origin, images: ImageNames, versions: Versions | None
) -> Values:
    """What the migrations of a database take beside all else."""
    migrations = database.spec.migrations
    if migrations is None:
        return dict(template.get("none", {}))
    if isinstance(migrations, str) and "folder" in template:
        found = origin.boundary.look(origin.document.file.parent, migrations, "folder")
        summed = not isinstance(found, PathProblem) and (found / ATLAS_SUM).is_file()
        return dict(template["folder"] if summed else merged(template["folder"], template.get("plain", {})))
    if isinstance(migrations, str) or "program" not in template:
        return {}
    image = image_of(migrations, database.project.project, images)
    name = image.pop("name")
    env = [{"name": key, "value": text} for key, text in migrations.env.items()]
    values = {"migrations": {"command": list(migrations.command), **({"env": env} if env else {})}}
    place = {"repository": "migrations.image.repository", "tag": "migrations.image.tag"}
    own = name == database.words(versions)["image"]  # the server's, whose own places stay
    used = {"{image}": {"also": [place]}} if own else {name: {**place, **image}}
    return merged(template["program"], {"values": values, "images": used})


def _with_numbers(value: Any) -> Any:
    """The same with the numbers that stood for a word as numbers."""
    if isinstance(value, dict):
        return {key: int(v) if _is_port(key, v) else _with_numbers(v) for key, v in value.items()}
    return [_with_numbers(item) for item in value] if isinstance(value, list) else value


def _is_port(key: str, value: Any) -> bool:
    return key in ("node_port", "nodePort") and isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value) is not None


def used_node_ports(stacks: Iterable[StackSpec]) -> frozenset[int]:
    """The ports on the nodes that stacks have."""
    return frozenset(stack.database.node_port for stack in stacks if stack.database)
