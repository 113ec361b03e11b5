"""A Compose file as services of devenv.yaml."""

from __future__ import annotations

from devenv.spec.imports.import_spec import Import
from devenv.spec.imports.imported import Imported
from devenv.spec.read.places import Boundary, PathProblem
from devenv.spec.yaml.positions import Document, KeyPath


def read_compose(one: Import, document: Document, at: KeyPath, boundary: Boundary) -> Imported:
    """What a Compose file comes to."""
    problems = []
    for text in one.compose or ():
        found = boundary.look(document.file.parent, text, "file")
        if isinstance(found, PathProblem):
            problems.append(document.problem((*at, "compose"), found.message, found.hint))
    return Imported(problems=tuple(problems))
