"""`devenv alerts`."""

from __future__ import annotations

from pathlib import Path

import typer

from devenv.cli.options import AsJson, Directory


def alerts(*, directory: Directory = Path(), as_json: AsJson = False) -> None:
    """Show the alerts that fire now, since when, and what to do.

    Silenced alerts are left out. It asks the Alertmanager of the stack `monitoring`, or another one that is behind an
    endpoint `alertmanager`.
    """
    from devenv.ui.alerts_view import alerts_as_json, print_alerts
    from devenv.workflows.alerts import read_alerts

    found = read_alerts(directory)
    if as_json:
        typer.echo(alerts_as_json(found))
    else:
        print_alerts(found)
