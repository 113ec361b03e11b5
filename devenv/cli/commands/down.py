"""`devenv down`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import AsJson, Directory, NoWait, Verbose


def down(
    *,
    directory: Directory = Path(),
    purge: Annotated[
        bool, typer.Option("--purge", help="Also remove images, caches and certificates that devenv made.")
    ] = False,
    no_wait: NoWait = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove it without asking.")] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Remove it even though another folder's project of this name made it.")
    ] = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Take the environment away.

    Removes cluster, volumes, network, kubeconfig and state. Only what devenv made for this project is touched: the
    cluster of another folder's project of the same name takes --adopt. The databases whose data goes are named; on a
    terminal you are asked when they hold more than their seeds, or when that cannot be seen.

    With --purge, also what is kept for all projects to be quick the next time: images that devenv built, tools,
    modules, the local CA, and the build cache of an engine that devenv installed or started. Making that again takes
    long, so you are asked, and where nobody can be asked it takes --yes. Images under names of yours stay, and so does
    all that another project's cluster in this engine needs.

    Examples: `devenv down`, `devenv down --yes`, `devenv down --purge`.
    """
    from devenv.cli import wiring
    from devenv.workflows.down import DownRequest
    from devenv.workflows.down import down as run_down

    request = DownRequest(directory, purge=purge, adopt=adopt, assume_yes=yes)
    with wiring.run_session("down", as_json=as_json, verbose=verbose, wait=not no_wait) as session:
        run_down(request, session)
