"""Reads the files that say which versions of stacks go together, each with where its rules stand."""

from __future__ import annotations

from dataclasses import dataclass

from devenv.errors import Problem
from devenv.spec.compatibility import Compatibility
from devenv.spec.project import ProjectSpec
from devenv.spec.read.places import Boundary, PathProblem
from devenv.spec.read.validation import check
from devenv.spec.yaml.positions import Document
from devenv.spec.yaml.reader import read_yaml


@dataclass(frozen=True, slots=True)
class CompatibilityFile:
    """One of them, as far as it could be read."""

    content: Compatibility
    document: Document


def read_compatibility(
    project: ProjectSpec, document: Document, boundary: Boundary, problems: list[Problem]
) -> list[CompatibilityFile]:
    """Those that a project names; what is wrong with them is added to `problems`."""
    found: list[CompatibilityFile] = []
    for index, text in enumerate(project.compatibility):
        file = boundary.look(boundary.root, text, "file")
        if isinstance(file, PathProblem):
            problems.append(document.problem(("compatibility", index), file.message, file.hint))
            continue
        read = read_yaml(file)
        problems.extend(read.problems)
        if read.document:
            checked = check(read.document, Compatibility)
            problems.extend(checked.problems)
            if checked.model:
                found.append(CompatibilityFile(checked.model, checked.document))
    return found
