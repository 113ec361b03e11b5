"""A place in what somebody wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.spec.yaml.positions import Document, KeyPath, Node


@dataclass(frozen=True, slots=True)
class Place:
    """A file and a line of it, 1-based."""

    file: Path
    line: int = 1


def lines_of(file: Path) -> list[str]:
    """The lines of a file; none where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def line_with(lines: Sequence[str], pattern: str, start: int = 1) -> int:
    """The first line, from `start`, in which a pattern is found; 0 for none."""
    wanted = re.compile(pattern)
    return next((number for number, text in enumerate(lines, 1) if number >= start and wanted.search(text)), 0)


def key_pattern(key: str) -> str:
    """What a line has that begins with a key, be it the first of a list's entry or in braces."""
    return rf"(^|[{{,])\s*(-\s+)*[\"']?{re.escape(key)}[\"']?\s*:(\s|$)"


def descend(document: Document, item: Any, path: KeyPath) -> tuple[Node, int]:
    """The node of a document that is deepest on the way to a value of an object, and how many keys lead to it.

    Entries of lists are known by their names, since patches hold a few of them alone.
    """
    node, value, depth = document.root, item, 0
    for key in path:
        value = child(value, key)
        below = _entry(node, key, value) if isinstance(key, int) else node.child(key)
        if below is None:
            break
        node, depth = below, depth + 1
    return node, depth


def deepest(documents: Iterable[Document], item: Any, path: KeyPath) -> tuple[Place, int] | None:
    """The place of a value of an object in the first document that leads furthest to it, and how far."""
    best: tuple[Place, int, int] | None = None
    wanted = value_at(item, path)
    for document in documents:
        node, depth = descend(document, item, path)
        if depth == len(path) and not isinstance(wanted, dict | list) and node.value != wanted:
            depth -= 1  # another file says what it is in the end
        # Of what is not a single value, the file that says most of it is meant.
        size = node.size if isinstance(wanted, dict | list) else 0
        if best is None or (depth, size) > best[1:]:
            best = Place(document.file, node.line), depth, size
    return best and best[:2]


def child(value: Any, key: str | int) -> Any:
    """What lies at a key of a mapping, or at a place of a list; None for nothing."""
    if isinstance(value, dict):
        return value.get(key)
    return value[key] if isinstance(value, list) and isinstance(key, int) and key < len(value) else None


def value_at(value: Any, path: KeyPath) -> Any:
    """What lies on a path in an object; None for nothing."""
    for key in path:
        value = child(value, key)
    return value


def _entry(node: Node, index: int, entry: Any) -> Node | None:
    """The entry of a written list that an entry of a rendered one comes from."""
    written = node.value if isinstance(node.value, list) else []
    for key in ("name", "key", "containerPort", "port", "mountPath"):
        if isinstance(entry, dict) and key in entry:
            for each in written:
                found = each.child(key)
                if found is not None and found.value == entry[key]:
                    return each
            return None
    return node.child(index)
