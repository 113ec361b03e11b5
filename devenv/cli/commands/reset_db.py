"""`devenv reset-db`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import AsJson, Databases, Directory, ImagesMode, ImagesOption, NoWait, Verbose

DropYes = Annotated[bool, typer.Option("--yes", "-y", help="Drop the data without asking.")]


def reset_db(
    names: Databases = None,
    *,
    directory: Directory = Path(),
    yes: DropYes = False,
    images: ImagesOption = ImagesMode.AUTO,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Bring databases back to their freshly migrated and seeded state.

    Each server keeps that state beside the live data, so this takes a fraction of a second; clients are disconnected
    and find the new data when they reconnect. Where migrations or seeds have changed since, they are run from
    nothing. What will be dropped is named, and asked about.

    Examples: `devenv reset-db`, `devenv reset-db postgres --yes`.
    """
    import json

    from devenv.cli import wiring
    from devenv.ui.tables import print_table
    from devenv.workflows.reset_db import ResetRequest
    from devenv.workflows.reset_db import reset_db as run_reset

    request = ResetRequest(directory, tuple(names or ()), assume_yes=yes, images=images.value)
    with wiring.run_session("reset-db", verbose=verbose, wait=not no_wait) as session:
        rows = run_reset(request, session)
    if as_json:
        typer.echo(json.dumps([row.as_dict() for row in rows], indent=2))
    elif rows:
        print_table(
            ("database", "engine", "from", "seconds"), [(r.name, r.engine, r.how, f"{r.seconds:.2f}") for r in rows]
        )
