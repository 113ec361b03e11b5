"""`devenv run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import Container, Directory, Service, Workload

Command = Annotated[
    list[str],
    typer.Argument(metavar="-- COMMAND", help="The program and its arguments, behind two dashes.", show_default=False),
]


def run(
    name: Service,
    command: Command,
    *,
    directory: Directory = Path(),
    workload: Workload = "",
    container: Container = "",
) -> None:
    """Run a command in a pod of its own, with a service's image, variables and mounts.

    Its exit status is passed on, and the pod goes when it ends. Nothing leads to the pod, and nobody counts it as one
    of the service's. Volumes that the service writes to are empty ones. The command takes the place of the image's
    entrypoint. What it shall read from a file or a pipe: `devenv shell NAME -- COMMAND`, in a pod that is up.

    Examples: `devenv run alt-backend -- python manage.py migrate`, `devenv run alt-backend -- env`.
    """
    from devenv.cli import wiring
    from devenv.cli.verbatim import on_terminal
    from devenv.workflows.services.one_off import RunRequest, run_once

    request = RunRequest(directory, name, tuple(command), workload, container, on_terminal=on_terminal())
    with wiring.run_session("run") as session:
        status = run_once(request, session)
    raise typer.Exit(status)
