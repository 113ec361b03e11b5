"""`devenv debug`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import AsJson, Container, Directory, NoWait, Service, Verbose, Workload


class DebuggedLanguage(StrEnum):
    """The languages that have a debugger."""

    PYTHON = "python"
    GO = "go"
    NODE = "node"


def debug(
    name: Service,
    *,
    directory: Directory = Path(),
    language: Annotated[
        DebuggedLanguage | None,
        typer.Option("--language", "-l", help="Of its program.", show_default="told from what it runs"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            "-p",
            min=1,
            max=65535,
            help="Of 127.0.0.1, for the editor.",
            show_default="5678 for Python, 2345 for Go, 9229 for Node; the next one if taken",
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Begin the program only once the editor has attached.")] = False,
    workload: Workload = "",
    container: Container = "",
    no_wait: NoWait = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Run a service under a debugger that your editor attaches to, until Ctrl-C.

    It is debugpy for Python, Delve for Go and the inspector of Node.js. The service starts anew under it, as one pod,
    with all that it has otherwise, and a port of 127.0.0.1 leads there. Standard output is the configuration by which
    Visual Studio Code attaches: put it into `configurations` of .vscode/launch.json, set a breakpoint, press F5. Other
    editors attach to the same port. While the debugger is there no probe asks the service, so that it may stand at a
    breakpoint for as long as you like. With --wait the program does not begin before somebody has attached, so that a
    breakpoint holds it in its first lines.

    With Ctrl-C the service is given back as it was. If this command is killed, `devenv status` tells, and the next
    `devenv up` or `devenv debug` takes the service back.

    Examples: `devenv debug api`, `devenv debug api --port 5700`, `devenv debug worker --wait`.
    """
    import json

    from devenv.cli import wiring
    from devenv.workflows.services.debug import DebugRequest, debugging

    request = DebugRequest(directory, name, language.value if language else None, port, workload, container, wait)
    with wiring.run_session("debug", as_json=as_json, verbose=verbose, wait=not no_wait) as session:
        try:
            with debugging(request, session) as debugged:
                if not as_json:
                    typer.echo(json.dumps(debugged.started.configuration, indent=2))
                debugged.wait()
        except KeyboardInterrupt:
            return  # how it is meant to end
