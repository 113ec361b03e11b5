"""`devenv doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from devenv.cli.options import AsJson, Directory

if TYPE_CHECKING:
    from devenv.runtime.doctor.finding import Fix


def doctor(
    *,
    directory: Directory = Path(),
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="ID", help="Look for this kind of finding alone; repeatable.")
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Do what can be done about it and taken back; it is named first, and asked.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --fix: do it without asking.")] = False,
    network: Annotated[
        bool, typer.Option("--network", help="Ask registries also where nothing has to be fetched.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look for what will go wrong on this machine, and in the project and its cluster where there are any.

    Engine, memory, disk, limits of the kernel, ports, networks, names, certificates, proxies, leftovers, and of an
    environment that is up its nodes, stacks, pods and images. Each finding has an ID with a section in docs/doctor.md,
    says what will go wrong, and what helps. Exit status 0 when no error is found, 1 when one is. What --json prints is
    described by docs/schema/doctor.schema.json.

    Examples: `devenv doctor`, `devenv doctor --fix`, `devenv doctor --only port-taken`.
    """
    import sys

    from devenv.ui.doctor_view import doctor_as_json, fix_lines, print_doctor
    from devenv.workflows.doctor import DoctorRequest, diagnose, mend

    def agree(fixes: Sequence[Fix]) -> bool:
        typer.echo("\n".join(fix_lines(fixes)), err=True)
        return yes or (sys.stdin.isatty() and typer.confirm("Do this?", err=True))

    request = DoctorRequest(directory, tuple(only or ()), network)
    report = diagnose(request)
    if fix:
        report = mend(request, report, agree)
    if as_json:
        typer.echo(doctor_as_json(report))
    else:
        print_doctor(report)
    if not report.well:
        raise typer.Exit(1)
