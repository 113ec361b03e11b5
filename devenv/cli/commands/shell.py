"""`devenv shell`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import Container, Directory, Service, Workload

Command = Annotated[
    list[str] | None,
    typer.Argument(metavar="[-- COMMAND]", help="What is run instead, behind two dashes.", show_default=False),
]


def shell(
    name: Service,
    command: Command = None,
    *,
    directory: Directory = Path(),
    workload: Workload = "",
    container: Container = "",
) -> None:
    """Open a shell in a container of a service, or run a command there.

    It is the image's bash or sh. What runs there runs beside the service, in a pod of it that is up; `devenv run` runs
    a command in a pod of its own.

    Examples: `devenv shell alt-backend`, `devenv shell alt-backend -- env`, `devenv shell traefik -- traefik version`.
    """
    from devenv.cli import wiring
    from devenv.cli.verbatim import become, on_terminal
    from devenv.workflows.services.shell import ShellRequest, shell_call

    request = ShellRequest(directory, name, tuple(command or ()), workload, container, on_terminal=on_terminal())
    with wiring.run_session("shell") as session:
        call = shell_call(request, session)
    become(call)
