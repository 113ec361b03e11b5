"""What a shell is told when somebody presses the tab key behind an option or argument that takes a name.

Typer asks these functions, with the options of the line so far. `devenv --install-completion` has the shell ask.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from devenv.workflows.completion import Kind

Completed = list[tuple[str, str]]
"""What can be typed here, each with its help."""


def _offering(kind: Kind) -> Callable[[typer.Context, str], Completed]:
    """What offers the names of a kind that begin with what is typed, without what the line has already."""

    def offer(ctx: typer.Context, incomplete: str) -> Completed:
        from devenv.workflows.completion import names

        given = {word for value in ctx.params.values() if isinstance(value, list | tuple) for word in value}
        found = names(kind, ctx.params.get("directory") or Path())
        return [(name, help_) for name, help_ in found.items() if name.startswith(incomplete) and name not in given]

    return offer


stacks = _offering("stacks")
stacks_and_tasks = _offering("stacks and tasks")
addable_stacks = _offering("addable stacks")
services = _offering("services")
databases = _offering("databases")
layers = _offering("layers")
profiles = _offering("profiles")
endpoints = _offering("endpoints")
images = _offering("images")
snapshots = _offering("snapshots")
