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
    credentials: Annotated[bool, typer.Option("--credentials", help="Show passwords instead of hiding them.")] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show each change as it comes, until Ctrl-C.")] = False,
) -> None:
    """Show cluster, stacks, endpoints and credentials.

    A stack is ready, synced (`devenv dev` has put files into its containers, and the image follows), debugged (`devenv
    debug` has put it under a debugger), intercepted (`devenv intercept` has a process of this machine answer for it),
    not-ready, incomplete (its installation failed or was interrupted), absent, or unknown when the cluster cannot be
    asked. Exit status 0 when all can be used, 1 when something is not-ready, incomplete, absent or unknown. What --json
    prints is described by docs/schema/status.schema.json; with --watch it is one document a line, for each change.

    Examples: `devenv status --watch`, `devenv status --json | jq -r '.stacks[] | select(.ready | not) | .name'`.
    """
    if watch:
        from devenv.cli.watching import watch_status

        raise typer.Exit(0 if watch_status(directory, reveal=credentials, as_json=as_json) else 1)
    from devenv.ui.status_view import print_status, status_as_json
    from devenv.workflows.status import read_status

    report = read_status(directory, reveal=credentials)
    if as_json:
        typer.echo(status_as_json(report))
    else:
        print_status(report)
    if not report.ready:
        raise typer.Exit(1)
