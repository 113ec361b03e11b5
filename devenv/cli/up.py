"""`devenv up`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import AsJson, Directory, ImagesMode, ImagesOption, ProfileOption, Yes


def up(
    *,
    directory: Directory = Path(),
    yes: Yes = False,
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be done, and stop.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Only this stack and what it needs; repeatable.")
    ] = None,
    skip: Annotated[list[str] | None, typer.Option("--skip", help="Leave this stack out; repeatable.")] = None,
    layer: Annotated[
        list[str] | None, typer.Option("--layer", help="Only this layer and what it needs; repeatable.")
    ] = None,
    profile: ProfileOption = None,
    images: ImagesOption = ImagesMode.AUTO,
    trace: Annotated[
        Path | None, typer.Option("--trace", help="Write a timeline in the Chrome trace format to this file.")
    ] = None,
    as_json: AsJson = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what the programs behind print.")] = False,
) -> None:
    """Bring the environment up, or up to date: only what is missing or changed is done.

    Runs in parallel what does not depend on each other. Interrupt it whenever you like: the next `devenv up` goes on
    from there. With --json, events are printed as JSON lines (docs/events.md).

    Examples: `devenv up`, `devenv up --plan`, `devenv up --only postgres`, `devenv up --profile staging`.
    """
    from devenv.cli import wiring
    from devenv.workflows.up import UpRequest
    from devenv.workflows.up import up as run_up

    request = UpRequest(
        directory=directory,
        assume_yes=yes,
        plan_only=plan,
        only=tuple(only or ()),
        skip=tuple(skip or ()),
        layers=tuple(layer or ()),
        profile=profile.value if profile else None,
        images=images.value,
    )
    with wiring.run_session(as_json=as_json, trace=trace, verbose=verbose) as session:
        run_up(request, session)
