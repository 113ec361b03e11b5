"""`devenv forward`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import AsJson, Directory, Service, Verbose, Workload

Ports = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[PORT]…",
        help="Its port, by number or name, or LOCAL:PORT for another one here; all that it declares if none is given.",
        show_default=False,
    ),
]


def forward(
    name: Service,
    ports: Ports = None,
    *,
    directory: Directory = Path(),
    workload: Workload = "",
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Lead ports of this machine to a service, until Ctrl-C.

    They are ports of 127.0.0.1: the same number where that is free, else the next free one above it. When the pod is
    replaced they lead to the next one. Nothing that has a host name (`devenv open`) or is a database (`devenv db url`)
    needs it.

    Examples: `devenv forward alt-backend`, `devenv forward alt-backend 9000:8080`.
    """
    from devenv.cli import wiring
    from devenv.workflows.services.forward import ForwardRequest
    from devenv.workflows.services.forward import forward as run_forward

    with wiring.run_session("forward", as_json=as_json, verbose=verbose) as session:
        try:
            run_forward(ForwardRequest(directory, name, tuple(ports or ()), workload), session)
        except KeyboardInterrupt:
            return  # how it is meant to end
