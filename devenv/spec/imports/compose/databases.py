"""Databases of a Compose file that devenv has an engine for, as `databases` of devenv.yaml.

They keep the name, the user, the password and the database that the file gives them, so that whatever the variables of
others say of them stays true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devenv.spec.imports.compose.draft import ServiceDraft, node_of, text_of
from devenv.spec.imports.compose.parts.environment import variables_of
from devenv.spec.imports.compose.parts.known_images import image_name
from devenv.spec.imports.compose.parts.mounts import mounts_of
from devenv.spec.read.places import visible_files
from devenv.spec.yaml.positions import Node

_POSTGRES = "postgres"
_SCRIPTS = "/docker-entrypoint-initdb.d"
_DATABASES = ("mysql", "mariadb", "redis", "valkey", "mongo", "clickhouse-server", "nats", "postgis", "timescaledb")
"""Images that somebody may take for built in as well."""
_CARRIED = ("image", "environment", "env_file", "volumes", "ports", "expose", "healthcheck", "restart", "profiles")
_REPLACED = "it is devenv's own PostgreSQL"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A service in whose place devenv's own database is."""

    draft: ServiceDraft

    def node(self, namespace: str) -> Node:
        """The database as devenv.yaml would have it."""
        draft, variables = self.draft, variables_of(self.draft)
        image = draft.find("image") or draft.node
        made = {"engine": node_of(_POSTGRES, image), "namespace": node_of(namespace, draft.node)}
        user = variables.get("POSTGRES_USER") or node_of("postgres", image)
        made["user"] = user
        made["name"] = variables.get("POSTGRES_DB") or user
        if password := variables.get("POSTGRES_PASSWORD"):
            made["password"] = password
        if scripts := self._scripts():
            made["migrations"] = scripts
        return Node(made, draft.node.line, draft.name, file=draft.node.file)

    def tell(self) -> None:
        """Note what of the service has no place in a database of devenv's."""
        draft = self.draft
        draft.note(("image",), f"{draft.text('image')} is not run", _REPLACED)
        for key in draft.entries():
            if key not in _CARRIED and draft.find(key):
                draft.note((key,), f"{key} is not carried over", _REPLACED)
        for mount in mounts_of(draft):
            if mount.target.startswith(_SCRIPTS) and self._scripts() is None:
                draft.note(
                    mount.at, f"{mount.source} is not run", "in a folder of *.sql alone its files would be migrations"
                )

    def _scripts(self) -> Node | None:
        """A folder of SQL that the image would run on an empty volume: migrations."""
        for mount in mounts_of(self.draft):
            if mount.kind == "bind" and mount.target.rstrip("/") == _SCRIPTS:
                path = self.draft.place(mount.node, mount.source)
                files = visible_files(path) if path.is_dir() else []
                if files and all(file.suffix == ".sql" for file in files):
                    return node_of(self.draft.relative(path), mount.node)
        return None


def built_in(drafts: Mapping[str, ServiceDraft]) -> dict[str, BuiltIn]:
    """The services that become databases of devenv's; those that could be taken for one are told of."""
    found = {}
    for name, draft in drafts.items():
        image = image_name(draft.text("image") or "")
        if image != _POSTGRES:
            if image in _DATABASES:
                draft.note(("image",), f"databases of devenv.yaml have no {image}", "it runs from its image")
            continue
        variables = variables_of(draft)
        named = variables.get("POSTGRES_DB") or variables.get("POSTGRES_USER")
        if named is None or text_of(named) == _POSTGRES:
            instead = "it runs from its image; POSTGRES_DB: NAME names another one"
            draft.note(("image",), "the database postgres is each server's own, and cannot be reset", instead)
        elif draft.find("build"):
            draft.note(("build",), "an image of its own is no built-in database", "it runs from its image")
        else:
            found[name] = BuiltIn(draft)
            found[name].tell()
    return found
