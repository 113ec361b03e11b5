"""Projects that import a Compose file."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

from devenv.adapters.files.paths import data_root
from devenv.spec.imports.note import lines_of
from devenv.spec.load import load_workspace
from devenv.spec.workspace import Workspace

PROJECT = "project: shop\nimports: {compose: compose.yaml}\n"


def write_compose(root: Path, compose: str, files: Mapping[str, str] | None = None, project: str = PROJECT) -> Path:
    """A project's folder with a Compose file, and what that may name."""
    content = {"devenv.yaml": project, "compose.yaml": textwrap.dedent(compose), "Dockerfile": "FROM scratch\n"}
    for name, text in {**content, **(files or {})}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def imported(
    root: Path, compose: str, files: Mapping[str, str] | None = None, project: str = PROJECT, profile: str | None = None
) -> Workspace:
    """What a project comes to that imports a Compose file."""
    return load_workspace(write_compose(root, compose, files, project), data_root=data_root(), profile=profile)


def notes_of(workspace: Workspace) -> list[str]:
    """What is told of imports, line by line."""
    return lines_of(workspace.notes, workspace.root)
