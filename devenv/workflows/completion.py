"""The names that a shell completes: of stacks, databases, endpoints and named states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from devenv.adapters.files.paths import data_root
from devenv.errors import DevenvError
from devenv.spec.load import load_workspace
from devenv.spec.workspace import LoadedStack, Workspace
from devenv.workflows.access.session import silent_session
from devenv.workflows.db import DatabaseRequest, list_snapshots

Names = Mapping[str, str]
"""What can be typed, each with a line that tells what it is."""


def stack_names(directory: Path) -> Names:
    """The stacks that a project uses, those that come with others included."""
    return {stack.spec.name: stack.spec.summary for stack in _used(directory)}


def database_names(directory: Path) -> Names:
    """The same, of those that run a database."""
    return {stack.spec.name: stack.spec.summary for stack in _used(directory) if stack.spec.database}


def endpoint_names(directory: Path) -> Names:
    """The endpoints of a project's stacks."""
    return {endpoint.name: stack.spec.summary for stack in _used(directory) for endpoint in stack.spec.endpoints}


def layer_names(directory: Path) -> Names:
    """The layers that a project's stacks are in."""
    used = _used(directory)
    return {layer: ", ".join(_in_layer(used, layer)) for layer in sorted({stack.spec.layer for stack in used})}


def image_names(directory: Path) -> Names:
    """The images that are built from a project's sources."""
    workspace = _workspace(directory)
    return {name: image.context for name, image in workspace.project.images.items()} if workspace else {}


def snapshot_names(directory: Path) -> Names:
    """The named states of the databases of the environment that runs."""
    try:
        rows = list_snapshots(DatabaseRequest(directory), silent_session())
    except DevenvError:
        # A shell has no place for an error, and whoever ends the line gets it from the command.
        return {}
    return {row.snapshot.name: f"of {row.snapshot.taken:%Y-%m-%d %H:%M}" for row in rows}


def _used(directory: Path) -> list[LoadedStack]:
    workspace = _workspace(directory)
    return [workspace.stacks[name] for name in workspace.selected] if workspace else []


def _workspace(directory: Path) -> Workspace | None:
    try:
        return load_workspace(directory, data_root=data_root())
    except DevenvError:
        return None  # for the reason given above


def _in_layer(stacks: Iterable[LoadedStack], layer: str) -> list[str]:
    return [stack.spec.name for stack in stacks if stack.spec.layer == layer]
