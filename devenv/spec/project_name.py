"""The project's name alone, for commands that must work even when the rest of the specification is wrong."""

from __future__ import annotations

from pathlib import Path

from devenv.errors import SpecError
from devenv.spec.model import SpecModel
from devenv.spec.project import ProjectName
from devenv.spec.read.discover import find_project
from devenv.spec.read.validation import check
from devenv.spec.yaml.positions import Document
from devenv.spec.yaml.reader import read_yaml


class _Named(SpecModel):
    project: ProjectName


def project_name(start: Path) -> str:
    """The name of the project in a folder or above it.

    Raises:
        ProjectNotFoundError: there is no devenv.yaml.
        SpecError: the file cannot be read, or has no valid name.
    """
    file = find_project(start)
    read = read_yaml(file)
    if read.document is None:
        raise SpecError(read.problems)
    checked = check(_only_name(read.document), _Named, {})
    if checked.model is None:
        raise SpecError(checked.problems)
    return checked.model.project


def _only_name(document: Document) -> Document:
    keys = document.root.value if isinstance(document.root.value, dict) else {}
    return document.without({(key,) for key in keys if key != "project"})
