"""YAML values that know where they were written, so that every problem names its line and key.

Responsible for the tree of values and for the way from a key path to a line. It reads no files and knows no
models.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from devenv.errors import Problem

KeyPath = tuple[str | int, ...]
Scalar = str | int | float | bool | None

_PLAIN_KEY = re.compile(r"[\w./-]+")


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document."""

    value: Scalar | Mapping[str, Node] | list[Node]
    line: int
    """1-based; for the value of a key, the line of the key."""
    label: str | int = ""
    """Key or index in the parent, as written; an index stays when entries before it are left out."""
    text: str = ""
    """A scalar as it is written."""
    size: int = 1
    """Number of values in it, itself included and aliases expanded."""
    file: Path | None = None
    """Where it and what is in it was written, if not in the document's own file."""

    def child(self, key: str | int) -> Node | None:
        """The value at a key or an index, None where there is none."""
        if isinstance(self.value, Mapping):
            return self.value.get(key) if isinstance(key, str) else None
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            node: Node = self.value[key]
            return node
        return None

    def data(self) -> Any:
        """The value as plain Python data."""
        if isinstance(self.value, Mapping):
            return {key: node.data() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.data() for node in self.value]
        return self.value


@dataclass(frozen=True, slots=True)
class Document:
    """One file's content with positions."""

    file: Path
    root: Node

    def data(self) -> Any:
        """The content as plain Python data."""
        return self.root.data()

    def find(self, path: KeyPath) -> Node | None:
        """The node at a key path, None where there is none."""
        node: Node | None = self.root
        for key in path:
            node = node.child(key) if node else None
        return node

    def line(self, path: KeyPath) -> int:
        """The line of a key path, or of the nearest thing around it that exists."""
        node = self.root
        for key in path:
            below = node.child(key)
            if below is None:
                break
            node = below
        return node.line

    def file_of(self, path: KeyPath) -> Path:
        """The file of a key path, or of the nearest thing around it that exists."""
        file, node = self.file, self.root
        for key in path:
            below = node.child(key)
            if below is None:
                break
            node = below
            file = node.file or file
        return file

    def key(self, path: KeyPath) -> str:
        """A key path as text: `stacks[2].values.replicas`."""
        text = ""
        node: Node | None = self.root
        for key in path:
            node = node.child(key) if node else None
            label = node.label if node else key
            if isinstance(label, int):
                text += f"[{label}]"
            elif _PLAIN_KEY.fullmatch(label):
                text += f".{label}" if text else label
            else:
                text += f"[{json.dumps(label)}]"
        return text

    def problem(self, path: KeyPath, message: str, hint: str = "") -> Problem:
        """A problem with what is at a key path."""
        return Problem(self.file_of(path), self.line(path), self.key(path), message, hint)

    def without(self, paths: set[KeyPath]) -> Document:
        """The document without the values at these paths; the others keep their lines and labels."""
        return replace(self, root=_without(self.root, (), paths))


def plain_node(value: Any, line: int, label: str | int = "") -> Node:
    """A node for data that was not written in the file, such as a default."""
    if isinstance(value, Mapping):
        return Node({key: plain_node(item, line, key) for key, item in value.items()}, line, label)
    if isinstance(value, list | tuple):
        return Node([plain_node(item, line, index) for index, item in enumerate(value)], line, label)
    return Node(value, line, label)


def plain_key(path: KeyPath) -> str:
    """A key path as text, of data that was not read from a file."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        elif _PLAIN_KEY.fullmatch(key) and "." not in key:
            text += f".{key}" if text else key
        else:
            text += f"[{json.dumps(key)}]"
    return text


def _without(node: Node, path: KeyPath, paths: set[KeyPath]) -> Node:
    value = node.value
    if isinstance(value, Mapping):
        kept = {k: _without(n, (*path, k), paths) for k, n in value.items() if (*path, k) not in paths}
        return replace(node, value=kept)
    if isinstance(value, list):
        rest = [_without(n, (*path, i), paths) for i, n in enumerate(value) if (*path, i) not in paths]
        return replace(node, value=rest)
    return node
