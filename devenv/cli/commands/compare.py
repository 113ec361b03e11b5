"""`devenv compare`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import AsJson, Directory


def compare(
    one: Annotated[str, typer.Argument(metavar="PROFILE", help="A profile.", autocompletion=completion.profiles)],
    other: Annotated[str, typer.Argument(metavar="PROFILE", help="Another.", autocompletion=completion.profiles)],
    stacks: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STACK", help="Stacks to compare; all when none is given.", autocompletion=completion.stacks
        ),
    ] = None,
    *,
    directory: Directory = Path(),
    values: Annotated[
        bool, typer.Option("--values", help="Compare what charts are given, not what they make of it.")
    ] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with status 1 where something differs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two profiles, field by field.

    Every stack is rendered for both, as by `devenv render`; no engine and no cluster is asked. Stacks and objects that
    only one of them has are told as such. Values of Secrets are hidden.

    Examples: `devenv compare dev prod`, `devenv compare staging prod alt-backend --values`.
    """
    import json

    from devenv.ui.tables import print_table
    from devenv.workflows.compare import CompareRequest, compare_profiles

    found = compare_profiles(
        CompareRequest(directory, (one, other), tuple(stacks or ()), values=values),
        lambda note: typer.echo(f"note: {note}", err=True),
    )
    if as_json:
        rows = [{"stack": d.stack, "object": d.object, "field": d.field, "values": [d.one, d.other]} for d in found]
        typer.echo(json.dumps({"profiles": [one, other], "differences": rows}, indent=2))
    elif found:
        headers = ("stack", "object", "field", one, other)
        print_table(headers, [(d.stack, d.object or "(stack)", d.field or "(object)", d.one, d.other) for d in found])
    else:
        typer.echo("no differences")
    if found and exit_code:
        raise typer.Exit(1)
