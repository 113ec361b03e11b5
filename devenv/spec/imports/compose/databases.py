"""Databases of a Compose file that devenv has an engine for, as `databases` of devenv.yaml.

They keep the name, the user, the password and the database that the file gives them, so that whatever the variables of
others say of them stays true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devenv.spec.imports.compose.parts.environment import variables_of
from devenv.spec.imports.compose.parts.known_images import image_name
from devenv.spec.imports.compose.parts.mounts import mounts_of
from devenv.spec.imports.compose.sheet import Sheet, node_of, text_of
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

    sheet: Sheet

    def node(self, namespace: str) -> Node:
        """The database as devenv.yaml would have it."""
        sheet, variables = self.sheet, variables_of(self.sheet)
        image = sheet.find("image") or sheet.node
        made = {"engine": node_of(_POSTGRES, image), "namespace": node_of(namespace, sheet.node)}
        user = variables.get("POSTGRES_USER") or node_of("postgres", image)
        made["user"] = user
        made["name"] = variables.get("POSTGRES_DB") or user
        if password := variables.get("POSTGRES_PASSWORD"):
            made["password"] = password
        if scripts := self._scripts():
            made["migrations"] = scripts
        return Node(made, sheet.node.line, sheet.name, file=sheet.node.file)

    def tell(self) -> None:
        """Note what of the service has no place in a database of devenv's."""
        sheet = self.sheet
        sheet.note(("image",), f"{sheet.text('image')} is not run", _REPLACED)
        for key in sheet.entries():
            if key not in _CARRIED and sheet.find(key):
                sheet.note((key,), f"{key} is not carried over", _REPLACED)
        for mount in mounts_of(sheet):
            if mount.target.startswith(_SCRIPTS) and self._scripts() is None:
                sheet.note(
                    mount.at, f"{mount.source} is not run", "in a folder of *.sql alone its files would be migrations"
                )

    def _scripts(self) -> Node | None:
        """A folder of SQL that the image would run on an empty volume: migrations."""
        for mount in mounts_of(self.sheet):
            if mount.kind == "bind" and mount.target.rstrip("/") == _SCRIPTS:
                path = self.sheet.place(mount.node, mount.source)
                files = visible_files(path) if path.is_dir() else []
                if files and all(file.suffix == ".sql" for file in files):
                    return node_of(self.sheet.relative(path), mount.node)
        return None


def built_in(sheets: Mapping[str, Sheet]) -> dict[str, BuiltIn]:
    """The services that become databases of devenv's; those that could be taken for one are told of."""
    found = {}
    for name, sheet in sheets.items():
        image = image_name(sheet.text("image") or "")
        if image != _POSTGRES:
            if image in _DATABASES:
                sheet.note(("image",), f"databases of devenv.yaml have no {image}", "it runs from its image")
            continue
        variables = variables_of(sheet)
        named = variables.get("POSTGRES_DB") or variables.get("POSTGRES_USER")
        if named is None or text_of(named) == _POSTGRES:
            instead = "it runs from its image; POSTGRES_DB: NAME names another one"
            sheet.note(("image",), "the database postgres is each server's own, and cannot be reset", instead)
        elif sheet.find("build"):
            sheet.note(("build",), "an image of its own is no built-in database", "it runs from its image")
        else:
            found[name] = BuiltIn(sheet)
            found[name].tell()
    return found
