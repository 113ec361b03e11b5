"""`devenv down`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import AsJson, Directory, NoWait


def down(
    *,
    directory: Directory = Path(),
    purge: Annotated[
        bool, typer.Option("--purge", help="Also remove images, caches and certificates that devenv made.")
    ] = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what the programs behind print.")] = False,
) -> None:
    """Take the environment away.

    Removes cluster, volumes, network, kubeconfig and state. Only what devenv made for this project is touched. With
    --purge, also what is kept for all projects to be quick the next time: images that devenv built, tools, modules, the
    local CA, and the build cache of an engine that devenv installed or started.

    Examples: `devenv down`, `devenv down --purge`.
    """
    from devenv.cli import wiring
    from devenv.workflows.down import down as run_down

    with wiring.run_session("down", as_json=as_json, verbose=verbose, wait=not no_wait) as session:
        run_down(directory, session, purge=purge)
