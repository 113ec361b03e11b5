"""`devenv sources`, `devenv sources update` and `devenv sources fetch`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from devenv.cli.options import AsJson, Directory

if TYPE_CHECKING:
    from devenv.workflows.sources import SourceRow

app = typer.Typer(rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def show(context: typer.Context, *, directory: Directory = Path(), as_json: AsJson = False) -> None:
    """List the `stack_sources` of devenv.yaml, what devenv.lock names of each, and whether this machine has that.

    Examples: `devenv sources`, `devenv sources update`.
    """
    if context.invoked_subcommand:
        return
    from devenv.workflows.sources import list_sources

    _print(list_sources(directory), as_json=as_json)


@app.command("update")
def update(*, directory: Directory = Path(), as_json: AsJson = False) -> None:
    """Fetch each source as it is now, and record its commit or digest and its content in devenv.lock.

    Everybody who has that file uses exactly this from then on. If one cannot be fetched, the file stays as it is.
    """
    from devenv.workflows.access.session import silent_session
    from devenv.workflows.sources import update_sources

    _print(update_sources(directory, silent_session()), as_json=as_json)


@app.command("fetch")
def fetch(*, directory: Directory = Path(), as_json: AsJson = False) -> None:
    """Fetch what devenv.lock names and this machine has not got; `devenv up` does so by itself."""
    from devenv.workflows.access.session import silent_session
    from devenv.workflows.sources import fetch_sources

    _print(fetch_sources(directory, silent_session()), as_json=as_json)


def _print(rows: list[SourceRow], *, as_json: bool) -> None:
    import json

    from devenv.ui.tables import print_table

    if as_json:
        typer.echo(json.dumps([row.as_dict() for row in rows], indent=2))
        return
    print_table(("source", "commit or digest", "state"), [(row.source, row.pin or "-", row.state) for row in rows])
