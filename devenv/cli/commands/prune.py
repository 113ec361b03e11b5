"""`devenv prune`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import AsJson, Directory, NoWait, Verbose


def prune(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[STACK]", help="Only these; default: all that is left.")
    ] = None,
    *,
    directory: Directory = Path(),
    keep_data: Annotated[
        bool, typer.Option("--keep-data", help="Leave volumes: a stack that comes back has them.")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be removed, and remove nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Lose what their volumes hold without asking.")] = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Remove from the cluster the stacks, services and databases that devenv.yaml no longer names.

    `devenv up` tells of them and leaves them, for what was taken out by mistake has not lost anything so. Releases,
    objects and, once you agree, volumes go; namespaces and definitions of kinds stay, since others may use them.

    Examples: `devenv prune --plan`, `devenv prune`, `devenv prune orders --keep-data`.
    """
    from devenv.cli import wiring
    from devenv.workflows.prune import PruneRequest
    from devenv.workflows.prune import prune as run_prune

    request = PruneRequest(directory, tuple(names or ()), keep_data=keep_data, plan_only=plan, assume_yes=yes)
    with wiring.run_session("prune", as_json=as_json, verbose=verbose, wait=not no_wait) as session:
        run_prune(request, session)
