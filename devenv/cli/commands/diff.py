"""`devenv diff`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import AsJson, Directory, ProfileOption


def diff(
    stacks: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STACK", help="Stacks to compare; all when none is given.", autocompletion=completion.stacks
        ),
    ] = None,
    *,
    directory: Directory = Path(),
    profile: ProfileOption = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with status 1 where something differs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what differs between the specification and the cluster, field by field.

    The API server is asked what would become of every object if the stacks were installed again; nothing is changed.
    What others have added to objects, and nothing of devenv's sets, is no difference. Values of Secrets are hidden.
    Without --profile, the profile that is up is compared. `devenv up --verify` makes the differences go away.

    Examples: `devenv diff`, `devenv diff alt-backend`, `devenv diff --profile staging --json`.
    """
    import json
    from dataclasses import asdict

    from devenv.cli import wiring
    from devenv.ui.tables import print_table
    from devenv.workflows.diff import diff as find_differences

    with wiring.run_session("diff", as_json=False) as session:
        found = find_differences(directory, stacks or (), session, profile=profile)
    if as_json:
        typer.echo(json.dumps([asdict(difference) for difference in found], indent=2))
    elif found:
        rows = [(d.stack, d.object, d.field or "(object)", d.live, d.wanted) for d in found]
        print_table(("stack", "object", "field", "live", "wanted"), rows)
    else:
        typer.echo("no differences")
    if found and exit_code:
        raise typer.Exit(1)
