"""The `stack_sources` of a devenv.yaml with what is locked, before the project can be loaded with their stacks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devenv.errors import Problem, SpecError
from devenv.spec.lock import read_lock
from devenv.spec.model import RegistryHost, RegistryPath, SpecModel
from devenv.spec.read.discover import find_project
from devenv.spec.read.validation import check
from devenv.spec.sources.stack_source import StackSource
from devenv.spec.workspace import Locked
from devenv.spec.yaml.reader import read_yaml


class _Declared(SpecModel):
    stack_sources: tuple[StackSource, ...] = ()
    registry_mirrors: dict[RegistryHost, RegistryPath] = {}


@dataclass(frozen=True, slots=True)
class DeclaredSources:
    """What is written, and what is locked."""

    root: Path
    """The folder of devenv.yaml."""
    sources: tuple[StackSource, ...]
    mirrors: dict[str, str]
    lock: Locked


def declared_sources(start: Path) -> DeclaredSources:
    """The sources of the project in a folder or above it, whatever else is wrong with it.

    Raises:
        ProjectNotFoundError: there is no devenv.yaml.
        SpecError: the file cannot be read, or its sources or the lock are wrong.
    """
    file = find_project(start)
    read = read_yaml(file)
    problems: list[Problem] = []
    lock = read_lock(file.parent, problems)
    if read.document is None:
        raise SpecError([*read.problems, *problems])
    keys = read.document.root.value if isinstance(read.document.root.value, dict) else {}
    checked = check(read.document.without({(key,) for key in keys if key not in _Declared.model_fields}), _Declared)
    if problems or checked.problems or checked.model is None:
        raise SpecError([*checked.problems, *problems])
    return DeclaredSources(file.parent, checked.model.stack_sources, checked.model.registry_mirrors, lock)
