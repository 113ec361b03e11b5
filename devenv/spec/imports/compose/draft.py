"""One service of a Compose file on its way: what is read of it, what it comes to, and what is told meanwhile."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from devenv.spec.imports.compose.file.files import ComposeFiles
from devenv.spec.imports.note import Note
from devenv.spec.yaml.positions import Document, KeyPath, Node, plain_node


@dataclass(slots=True)
class ServiceDraft:
    """A service, by its name in the file."""

    name: str
    document: Document
    """Of all files, their shapes checked."""
    files: ComposeFiles
    made: dict[str, Node] = field(default_factory=dict)
    """Keys of devenv.yaml, each with the line that it comes from."""

    @property
    def node(self) -> Node:
        return self.document.find(("services", self.name)) or Node({}, 1)

    def find(self, *path: str | int) -> Node | None:
        """What is at a key path of the service; None where there is nothing."""
        found = self.document.find(("services", self.name, *path))
        return found if found is not None and found.value is not None else None

    def entries(self, *path: str | int) -> Mapping[str, Node]:
        """The mapping at a key path, empty where there is none."""
        found = self.find(*path)
        return found.value if found and isinstance(found.value, Mapping) else {}

    def items(self, *path: str | int) -> list[Node]:
        """The list at a key path, empty where there is none; a single value is a list of one."""
        found = self.find(*path)
        if found is None:
            return []
        return found.value if isinstance(found.value, list) else [found]

    def text(self, *path: str | int) -> str | None:
        """The text at a key path."""
        found = self.find(*path)
        return text_of(found) if found else None

    def put(self, key: str, value: Any, source: Node) -> None:
        """Have a key of devenv.yaml, which comes from a node of the file."""
        self.made[key] = node_of(value, source)

    def note(self, path: KeyPath, message: str, instead: str) -> None:
        """Tell what is not carried over."""
        self.files.notes.append(Note.at(self.document, ("services", self.name, *path), message, instead))

    def problem(self, path: KeyPath, message: str, hint: str = "") -> None:
        """Tell what is wrong."""
        self.files.problems.append(self.document.problem(("services", self.name, *path), message, hint))

    def place(self, node: Node, text: str) -> Path:
        """The path that a text names at a node of the service."""
        return self.files.place(replace(node, file=node.file or self.node.file), text)

    def relative(self, path: Path) -> str:
        """A path as devenv.yaml would have it."""
        return Path(os.path.relpath(path, self.files.boundary.root)).as_posix()


def text_of(node: Node) -> str:
    """A scalar as it is written; a number or a flag too."""
    return node.value if isinstance(node.value, str) else node.text


def node_of(value: Any, source: Node) -> Node:
    """A value that was not written so, at the place of a node that it comes from."""
    if isinstance(value, Node):
        return value
    if isinstance(value, Mapping):
        made = {key: node_of(item, replace(source, label=key)) for key, item in value.items()}
        return Node(made, source.line, source.label, file=source.file)
    if isinstance(value, list | tuple):
        items = [node_of(item, replace(source, label=index)) for index, item in enumerate(value)]
        return Node(items, source.line, source.label, file=source.file)
    return replace(plain_node(value, source.line, source.label), file=source.file, text=str(value))


def is_on(node: Node | None) -> bool:
    """Whether a flag is set."""
    return node is not None and node.value in (True, "true")
