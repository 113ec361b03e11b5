"""Files of other tools: what devenv imports as it is, and which Dockerfiles are named there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from devenv.scaffold.found.tree import Tree, of_tests
from devenv.scaffold.sketch import Left
from devenv.spec.imports.import_spec import KINDS
from devenv.spec.yaml.loader import SafeLoader

_FILES = {
    "skaffold": ("skaffold.yaml", "skaffold.yml"),
    "compose": ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"),
}
"""By the key of an import; of several the first one is the project's."""
_OVERRIDES = ("compose.override.yaml", "compose.override.yml", "docker-compose.override.yaml")
_KNOWN_TOO = ("Tiltfile", "devspace.yaml", "garden.yml", "okteto.yml", "werf.yaml", "docker-bake.hcl", "Procfile")


@dataclass(frozen=True, slots=True)
class FoundImport:
    """A file that is imported."""

    kind: str
    file: PurePosixPath
    dockerfiles: frozenset[PurePosixPath]
    """Those that it names, which are no services of their own then."""


def imported(tree: Tree, left: list[Left]) -> FoundImport | None:
    """The file that says what the product is, if there is one; others are left."""
    found = list(_candidates(tree))
    chosen = next(((kind, file) for kind, file in found if kind in KINDS), None)
    for kind, file in found:
        if (kind, file) == chosen:
            continue
        if kind not in KINDS:
            left.append(Left(file, 1, f"files of {kind} are not imported by this version of devenv"))
        elif chosen:
            left.append(
                Left(file, 1, f"{chosen[1]} is imported, which may say the same", f"imports: {{{kind}: {file}}}")
            )
    left.extend(
        Left(file, 1, "devenv does not read files of this tool", "docs/how-to/coming-from.md has what to write")
        for file in tree.files
        if file.name in _KNOWN_TOO and not of_tests(file)
    )
    if chosen is None:
        return None
    kind, file = chosen
    beside = [file.parent / name for name in _OVERRIDES if kind == "compose" and tree.has(file.parent / name)]
    left.extend(Left(each, 1, "it is not imported", f"imports: {{compose: [{file}, {each}]}}") for each in beside)
    return FoundImport(kind, file, frozenset(_dockerfiles(tree, kind, file)))


def _candidates(tree: Tree) -> Iterator[tuple[str, PurePosixPath]]:
    """Those right in the folder, or alone of their kind below it."""
    for kind, names in _FILES.items():
        there = [file for file in tree.files if file.name in names and not of_tests(file)]
        top = [file for file in there if file.parent == PurePosixPath()]
        first = next((PurePosixPath(name) for name in names if PurePosixPath(name) in top), None)
        if first:
            yield kind, first
        elif there:
            yield kind, there[0]


def _dockerfiles(tree: Tree, kind: str, file: PurePosixPath) -> Iterator[PurePosixPath]:
    if kind == "skaffold":  # it says what a whole repository is built of
        yield from tree.files
        return
    try:
        documents = [yaml.load(tree.text(file), SafeLoader)]  # noqa: S506 -- a safe one
    except yaml.YAMLError:
        return  # whoever imports it tells
    for document in documents:
        services = document.get("services") if isinstance(document, dict) else None
        for service in services.values() if isinstance(services, dict) else ():
            yield from _built(service, file.parent)


def _built(service: Any, folder: PurePosixPath) -> Iterator[PurePosixPath]:
    build = service.get("build") if isinstance(service, dict) else None
    spec = {"context": build} if isinstance(build, str) else build
    if isinstance(spec, dict):
        yield _plain(folder / str(spec.get("context", ".")) / str(spec.get("dockerfile", "Dockerfile")))


def _plain(path: PurePosixPath) -> PurePosixPath:
    """Without steps up and back."""
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return PurePosixPath(*parts)
