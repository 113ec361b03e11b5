"""Finds what there is to read: the project file above the current folder, and the stacks' folders.

Responsible for where things are, never for what they say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import Problem, ProjectNotFoundError
from devenv.spec.read.places import Boundary, PathProblem, subfolders
from devenv.spec.yaml.positions import Document

PROJECT_FILE = "devenv.yaml"
STACK_FILE = "stack.yaml"
_MISNAMED = ("devenv.yml", "Devenv.yaml", ".devenv.yaml")


@dataclass(frozen=True, slots=True)
class StackFolder:
    """A folder that holds a stack."""

    root: Path
    boundary: Boundary
    builtin: bool
    name: str
    """The stack's, which the folder has to have."""
    layer: str
    """The layer's, which the folder above has to have."""
    source: str = ""
    """Of `stack_sources`, for people; empty for devenv's own stacks and the project's."""

    @property
    def file(self) -> Path:
        return self.root / STACK_FILE


def find_project(start: Path) -> Path:
    """The nearest devenv.yaml in a folder or above it.

    Raises:
        ProjectNotFoundError: there is none.
    """
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        file = candidate / PROJECT_FILE
        try:
            if file.exists() or file.is_symlink():
                return file
        except OSError:
            continue
    present = [name for name in _MISNAMED if (folder / name).is_file()]
    raise ProjectNotFoundError(
        f"there is no {PROJECT_FILE} in {folder} or above it",
        hint=f"mv {present[0]} {PROJECT_FILE}"
        if present
        else "go to a folder with a devenv.yaml, or write one: devenv init",
    )


def builtin_stacks(data_root: Path) -> list[StackFolder]:
    """The stacks that devenv ships."""
    boundary = Boundary(data_root, "devenv's own data")
    return stacks_in(data_root / "stacks", boundary, builtin=True)


def project_stacks(
    document: Document, stack_paths: Sequence[str], boundary: Boundary
) -> tuple[list[StackFolder], list[Problem]]:
    """The stacks below the project's `stack_paths`, and what is wrong with those paths."""
    found: dict[Path, StackFolder] = {}
    problems: list[Problem] = []
    for index, text in enumerate(stack_paths):
        folder = boundary.look(document.file.parent, text, "folder")
        if isinstance(folder, PathProblem):
            problems.append(document.problem(("stack_paths", index), folder.message, folder.hint))
            continue
        stacks = stacks_in(folder, boundary)
        misnamed = [path / "stack.yml" for path in _candidates(folder) if (path / "stack.yml").is_file()]
        problems.extend(
            Problem(file, 1, "", f"the file must be named {STACK_FILE}", f"mv {file} {file.with_suffix('.yaml')}")
            for file in misnamed
        )
        if not stacks and not misnamed:
            hint = f"a stack is a file <layer>/<name>/{STACK_FILE} below it"
            problems.append(document.problem(("stack_paths", index), f"{text} holds no stack", hint))
        found.update({stack.root: stack for stack in stacks})
    return list(found.values()), problems


def stacks_in(folder: Path, boundary: Boundary, *, builtin: bool = False, source: str = "") -> list[StackFolder]:
    """The stacks in the layers of a folder."""
    return [
        StackFolder(path, boundary, builtin=builtin, name=path.name, layer=path.parent.name, source=source)
        for path in _candidates(folder)
        if (path / STACK_FILE).exists() or (path / STACK_FILE).is_symlink()
    ]


def _candidates(folder: Path) -> list[Path]:
    return [path for layer in subfolders(folder) for path in subfolders(layer)]
