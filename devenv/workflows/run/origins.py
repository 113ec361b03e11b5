"""Where stacks of a project come from that others keep, in words."""

from __future__ import annotations

from devenv.spec.sources.locked_source import locked_as
from devenv.spec.workspace import Workspace


def origins(workspace: Workspace) -> list[str]:
    """The stacks of each source, and which state of it: `search: of https://… v2 at 1f0c2ab0de34`."""
    pins = {
        source.name: locked.pin.removeprefix("sha256:")[:12]
        for source in workspace.project.stack_sources
        if (locked := locked_as(source, workspace.lock.sources))
    }
    by_source: dict[str, list[str]] = {}
    for name in workspace.selected:
        if source := workspace.stacks[name].source:
            by_source.setdefault(source, []).append(name)
    return [
        f"{', '.join(names)}: of {source}{f' at {pins[source]}' if source in pins else ''}"
        for source, names in by_source.items()
    ]
