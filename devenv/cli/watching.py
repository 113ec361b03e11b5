"""`devenv status --watch`: the report, drawn again with each change.

Responsible for the screen and for Ctrl-C, which is how it is meant to end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import typer
from rich.console import Console
from rich.live import Live

from devenv.ui.status_view import live_status, print_status, status_as_json
from devenv.workflows.status import StatusReport
from devenv.workflows.status_changes import follow_status


def watch_status(directory: Path, *, reveal: bool, as_json: bool) -> bool:
    """Show each change until Ctrl-C; whether all was ready in the end."""
    reports = follow_status(directory, reveal=reveal)
    if as_json:
        last = _show(reports, _print_line)
    elif not sys.stdout.isatty():
        last = _show(reports, _print_apart)
    else:
        with Live(console=Console(highlight=False), screen=True, auto_refresh=False) as live:
            last = _show(reports, lambda report: live.update(live_status(report), refresh=True))
        if last:
            print_status(last)
    return last is not None and last.ready


def _show(reports: Iterator[StatusReport], show: Callable[[StatusReport], object]) -> StatusReport | None:
    last = None
    try:
        for last in reports:
            show(last)
    except KeyboardInterrupt:
        return last
    return last


def _print_line(report: StatusReport) -> None:
    typer.echo(status_as_json(report, indent=None))


def _print_apart(report: StatusReport) -> None:
    print_status(report)
    typer.echo()
    sys.stdout.flush()
