"""What a shell is told when somebody presses the tab key behind an option or argument that takes a name.

Typer asks these functions, with the options of the line so far. `devenv --install-completion` has the shell ask.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from devenv.workflows.completion import Names

Completed = list[tuple[str, str]]
"""What can be typed here, each with its help."""


def stacks(ctx: typer.Context, incomplete: str) -> Completed:
    """Stacks of the project."""
    from devenv.workflows.completion import stack_names

    return _beginning(ctx, incomplete, stack_names)


def databases(ctx: typer.Context, incomplete: str) -> Completed:
    """Stacks of the project that run a database."""
    from devenv.workflows.completion import database_names

    return _beginning(ctx, incomplete, database_names)


def layers(ctx: typer.Context, incomplete: str) -> Completed:
    """Layers of the project."""
    from devenv.workflows.completion import layer_names

    return _beginning(ctx, incomplete, layer_names)


def endpoints(ctx: typer.Context, incomplete: str) -> Completed:
    """Endpoints of the project's stacks."""
    from devenv.workflows.completion import endpoint_names

    return _beginning(ctx, incomplete, endpoint_names)


def images(ctx: typer.Context, incomplete: str) -> Completed:
    """Images that are built from the project's sources."""
    from devenv.workflows.completion import image_names

    return _beginning(ctx, incomplete, image_names)


def snapshots(ctx: typer.Context, incomplete: str) -> Completed:
    """Named states of the databases that run."""
    from devenv.workflows.completion import snapshot_names

    return _beginning(ctx, incomplete, snapshot_names)


def _beginning(ctx: typer.Context, incomplete: str, names: Callable[[Path], Names]) -> Completed:
    """Those that begin with what is typed, without what the line has already."""
    given = {word for value in ctx.params.values() if isinstance(value, list | tuple) for word in value}
    found = names(ctx.params.get("directory") or Path())
    return [(name, help_) for name, help_ in found.items() if name.startswith(incomplete) and name not in given]
