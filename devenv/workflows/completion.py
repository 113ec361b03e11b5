"""The names that a shell completes: of stacks, services, databases, profiles, endpoints, images, named states."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from devenv.errors import DevenvError
from devenv.spec.workspace import Workspace
from devenv.workflows.access.project import read_project
from devenv.workflows.access.session import silent_session
from devenv.workflows.db import DatabaseRequest, list_snapshots

Kind = Literal[
    "stacks",
    "stacks and tasks",
    "addable stacks",
    "services",
    "databases",
    "layers",
    "profiles",
    "endpoints",
    "images",
    "snapshots",
]


def names(kind: Kind, directory: Path) -> Mapping[str, str]:
    """The names of a kind that a project uses, each with a line that tells what it is; of snapshots while it runs.

    Where there is no project, or something is wrong with it, there are none: a shell has no place for an error, and
    whoever ends the line gets it from the command.
    """
    try:
        return _snapshots(directory) if kind == "snapshots" else _written(kind, directory)
    except DevenvError:
        return {}


def _written(kind: Kind, directory: Path) -> Mapping[str, str]:
    workspace = read_project(directory)
    project = workspace.project
    used = [workspace.stacks[name].spec for name in workspace.selected]
    match kind:
        case "stacks":
            found = {spec.name: spec.summary for spec in used}
        case "stacks and tasks":
            found = {**{spec.name: spec.summary for spec in used}, **dict.fromkeys(project.tasks, "a task")}
        case "addable stacks":
            found = _addable(workspace)
        case "services":
            own = {*project.services, *project.databases}
            found = {spec.name: spec.summary for spec in used if spec.name in own}
        case "databases":
            found = {spec.name: spec.summary for spec in used if spec.database}
        case "endpoints":
            found = {endpoint.name: spec.summary for spec in used for endpoint in spec.endpoints}
        case "images":
            found = {name: image.context for name, image in project.images.items()}
        case "profiles":
            found = {name: project.profiles.get(name, "built in") for name in project.known_profiles}
        case _:
            found = _layers(workspace)
    return found


def _addable(workspace: Workspace) -> dict[str, str]:
    """Those that are not in the list of devenv.yaml."""
    project = workspace.project
    there = {*(choice.name for choice in project.stacks), *project.services, *project.databases}
    return {name: stack.spec.summary for name, stack in workspace.stacks.items() if name not in there}


def _layers(workspace: Workspace) -> dict[str, str]:
    """Each with the names of its stacks."""
    found: dict[str, list[str]] = {}
    for name in workspace.selected:
        found.setdefault(workspace.stacks[name].spec.layer, []).append(name)
    return {layer: ", ".join(found[layer]) for layer in sorted(found)}


def _snapshots(directory: Path) -> dict[str, str]:
    rows = list_snapshots(DatabaseRequest(directory), silent_session())
    return {row.snapshot.name: f"of {row.snapshot.taken:%Y-%m-%d %H:%M}" for row in rows}
