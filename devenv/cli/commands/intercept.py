"""`devenv intercept`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import AsJson, Container, Directory, NoWait, Service, Verbose, Workload

Command = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[-- COMMAND]",
        help="What answers, behind two dashes; when it ends, so does this.",
        show_default=False,
    ),
]
Ports = Annotated[
    list[str] | None,
    typer.Option(
        "--port",
        "-p",
        metavar="[NAME=]PORT",
        help="Where a process of this machine answers for the service's first port, or for the one of that name.",
        show_default="the service's own numbers",
    ),
]


def intercept(
    context: typer.Context,
    name: Service,
    command: Command = None,
    *,
    directory: Directory = Path(),
    ports: Ports = None,
    workload: Workload = "",
    container: Container = "",
    no_wait: NoWait = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Have a process of this machine answer for a service of the cluster, until Ctrl-C.

    Whatever comes to the service, through Traefik or from other pods, goes to ports of 127.0.0.1: HTTP, WebSocket,
    gRPC, any TCP. The service's own program is stopped meanwhile. COMMAND runs with the service's variables
    (`devenv env NAME`), in which addresses of the cluster are ones that this machine reaches; when it ends, so does
    this, with its exit status. Without COMMAND, start the process yourself, before or after.

    With Ctrl-C the service is given back as it was. If this command is killed, `devenv status` tells, and the next
    `devenv up` or `devenv intercept` takes the service back.

    Examples: `devenv intercept api --port 3000`, `devenv intercept api -p 3000 -- npm run dev`, `devenv intercept api
    --port http=3000 --port grpc=3001`.
    """
    import os

    from devenv.cli import wiring
    from devenv.errors import UsageError
    from devenv.workflows.services.intercept import intercepting
    from devenv.workflows.services.interception import InterceptRequest

    if as_json and command:
        raise UsageError("standard output is either the command's or has events", hint="leave out --json, or COMMAND")
    request = InterceptRequest(directory, name, tuple(ports or ()), workload, container)
    environ: dict[str, str] = context.obj or dict(os.environ)
    status = 0
    with wiring.run_session("intercept", as_json=as_json, verbose=verbose, wait=not no_wait) as session:
        try:
            with intercepting(request, session) as intercepted:
                if command:
                    status = intercepted.run(command, environ)
                else:
                    intercepted.wait()
        except KeyboardInterrupt:
            return  # how it is meant to end
    raise typer.Exit(status)
