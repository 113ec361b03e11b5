"""Which artifacts manifests and kustomizations name, wherever the files of a kustomization lie.

Responsible for reading them as text: an artifact's name in any of them is enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from devenv.spec.read.places import Boundary, PathProblem
from devenv.spec.stack import KUSTOMIZATION_FILES
from devenv.spec.yaml.reader import read_yaml

SUFFIXES = (".yaml", ".yml", ".json")
"""Of manifests."""
_NAMING = ("resources", "bases", "components", "patches", "patchesStrategicMerge", "patchesJson6902", "replacements")
"""Keys of a kustomization that name further files and folders."""


def named_in(
    sources: Sequence[Mapping[str, Any]], root: Path, boundary: Boundary, artifacts: Collection[str]
) -> frozenset[str]:
    """The artifacts whose names are in any file of a stack's sources, whose paths are relative to `root`."""
    files = {file for source in sources for file in _files(next(iter(source.values()))["path"], root, boundary)}
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    return frozenset(artifact for artifact in artifacts if any(artifact in text for text in texts))


def _files(path: str, root: Path, boundary: Boundary) -> Iterator[Path]:
    waiting: list[tuple[Path, str]] = [(root, path)]
    seen: set[Path] = set()
    while waiting:
        found = boundary.look(*waiting.pop(), "file or folder")
        if isinstance(found, PathProblem) or found in seen:
            continue
        seen.add(found)
        if found.is_file():
            yield found
            continue
        yield from (file for file in sorted(found.iterdir()) if file.suffix in SUFFIXES and file.is_file())
        for name in KUSTOMIZATION_FILES:
            if (found / name).is_file():
                waiting += [(found, text) for text in _named(found / name)]


def _named(kustomization: Path) -> Iterator[str]:
    document = read_yaml(kustomization, empty="").document
    data = document.data() if document else {}
    for key in _NAMING:
        items = data.get(key)
        for item in items if isinstance(items, list) else ():
            path = item.get("path") if isinstance(item, Mapping) else item
            if isinstance(path, str) and "\n" not in path:
                yield path
