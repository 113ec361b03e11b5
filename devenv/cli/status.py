"""`devenv status`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import AsJson, Directory


def status(
    *,
    directory: Directory = Path(),
    as_json: AsJson = False,
    credentials: Annotated[
        bool, typer.Option("--credentials", help="Show passwords instead of hiding them.")
    ] = False,
) -> None:
    """Show the cluster, every stack's state, the endpoints and the credentials.

    Exit status 0 when all is ready, 1 when something is not. The words used for states are documented in
    docs/schema/status.schema.json.
    """
    from devenv.ui.status_view import print_status, status_as_json
    from devenv.workflows.status import read_status

    report = read_status(directory, reveal=credentials)
    if as_json:
        typer.echo(status_as_json(report))
    else:
        print_status(report)
    if not report.ready:
        raise typer.Exit(1)
