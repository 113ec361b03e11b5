"""Databases of a Compose file that devenv has an engine for, as `databases` of devenv.yaml.

They keep the name, the user, the password and the database that the file gives them, so that whatever the variables of
others say of them stays true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.spec.imports.compose.database_images import KNOWN, Asked, Described, Kept, KnownImage
from devenv.spec.imports.compose.draft import ServiceDraft, node_of
from devenv.spec.imports.compose.parts.environment import variables_of
from devenv.spec.imports.compose.parts.known_images import image_name
from devenv.spec.imports.compose.parts.mounts import Mount, mounts_of
from devenv.spec.imports.compose.parts.names import mentioned_ports
from devenv.spec.imports.compose.surroundings import texts_of
from devenv.spec.read.places import visible_files
from devenv.spec.sql.migration_names import TOOLS, Tool, read_name
from devenv.spec.yaml.positions import Node

_SCRIPTS = "/docker-entrypoint-initdb.d"
_OTHERS = ("mongo", "postgis", "timescaledb", "percona", "keydb", "meilisearch")
"""Images that somebody may take for built in as well."""
_CARRIED = ("image", "environment", "env_file", "volumes", "ports", "expose", "healthcheck", "restart", "profiles")
_FROM_IMAGE = "it runs from its image"
_SCRIPTED = frozenset({"postgres", *TOOLS})
"""Engines whose images run files on an empty volume; what the engine's own tool takes for no migrations are seeds."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A service in whose place devenv's own database is."""

    draft: ServiceDraft
    image: KnownImage
    described: Described

    def node(self, namespace: str) -> Node:
        """The database as devenv.yaml would have it."""
        draft = self.draft
        image = draft.find("image") or draft.node
        made = {"engine": node_of(self.image.engine, image), "namespace": node_of(namespace, draft.node)}
        made |= self.described.keys
        if scripts := self._scripts():
            key, folder = scripts
            made[key] = folder
        return Node(made, draft.node.line, draft.name, file=draft.node.file)

    def tell(self) -> None:
        """Note what of the service has no place in a database of devenv's."""
        draft, replaced = self.draft, f"it is devenv's own {self.image.title}"
        draft.note(("image",), f"{draft.text('image')} is not run", replaced)
        for note in self.described.notes:
            draft.note(*note)
        for key in draft.entries():
            if key not in _CARRIED and draft.find(key):
                draft.note((key,), f"{key} is not carried over", replaced)
        for mount in mounts_of(draft):
            if mount.target.startswith(_SCRIPTS) and self._scripts() is None:
                what = "migrations" if self.image.engine == "postgres" else "migrations or seeds"
                instead = f"in a folder of *.sql alone its files would be {what}"
                draft.note(mount.at, f"{mount.source} is not run", instead)

    def _scripts(self) -> tuple[str, Node] | None:
        """A folder of SQL that the image would run on an empty volume: migrations, or seeds, and the folder."""
        for mount in mounts_of(self.draft) if self.image.engine in _SCRIPTED else ():
            if mount.kind == "bind" and mount.target.rstrip("/") == _SCRIPTS:
                return self._of_folder(mount)
        return None

    def _of_folder(self, mount: Mount) -> tuple[str, Node] | None:
        path = self.draft.place(mount.node, mount.source)
        files = visible_files(path) if path.is_dir() else []
        if not files or any(file.suffix != ".sql" for file in files):
            return None
        tool = TOOLS.get(self.image.engine)
        key = "migrations" if tool is None or all(_is_migration(file, tool) for file in files) else "seeds"
        return key, node_of(self.draft.relative(path), mount.node)


def _is_migration(file: Path, tool: Tool) -> bool:
    return read_name(file.name, tool) is not None


def built_in(drafts: Mapping[str, ServiceDraft]) -> dict[str, BuiltIn]:
    """The services that become databases of devenv's; those that could be taken for one are told of."""
    found = {}
    variables = {name: variables_of(draft) for name, draft in drafts.items()}
    texts = [text for name, draft in drafts.items() for text in texts_of(draft, variables[name])]
    for name, draft in drafts.items():
        image = image_name(draft.text("image") or "")
        if (known := KNOWN.get(image)) is None:
            if image in _OTHERS:
                draft.note(("image",), f"databases of devenv.yaml have no {image}", _FROM_IMAGE)
            continue
        described = _described(known, Asked(draft, variables[name], _ports_of(name, texts)))
        if isinstance(described, Kept):
            instead = f"{_FROM_IMAGE}; {described.hint}" if described.hint else _FROM_IMAGE
            draft.note(described.at, described.message, instead)
        else:
            found[name] = BuiltIn(draft, known, described)
            found[name].tell()
    return found


def _ports_of(name: str, texts: Iterable[str]) -> frozenset[int]:
    return frozenset(mentioned_ports(name, texts))


def _described(known: KnownImage, asked: Asked) -> Described | Kept:
    described = known.read(asked)
    if isinstance(described, Described):
        if asked.draft.find("build"):
            return Kept(("build",), "an image of its own is no built-in database")
        if known.engine != "postgres" and asked.draft.find("entrypoint"):
            return Kept(("entrypoint",), "what it starts with is its own")
    return described
