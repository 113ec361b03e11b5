"""`devenv restart`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import AsJson, Directory, NoWait, Verbose


def restart(
    names: Annotated[
        list[str],
        typer.Argument(metavar="STACK", help="Stacks whose pods are replaced.", autocompletion=completion.stacks),
    ],
    *,
    directory: Directory = Path(),
    no_wait: NoWait = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Replace the pods of stacks, and wait until the new ones are ready.

    It is what `kubectl rollout restart` does, for all workloads of a stack: nothing that was applied changes. What a
    pod keeps outside of its volumes is lost.

    Examples: `devenv restart alt-backend`, `devenv restart traefik alt-backend`.
    """
    from devenv.cli import wiring
    from devenv.workflows.restart import RestartRequest
    from devenv.workflows.restart import restart as run_restart

    with wiring.run_session("restart", as_json=as_json, verbose=verbose, wait=not no_wait) as session:
        run_restart(RestartRequest(directory, tuple(names)), session)
