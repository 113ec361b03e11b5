"""`devenv eject`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import AsJson, Directory


def eject(
    name: Annotated[
        str,
        typer.Argument(help="Service or database of devenv.yaml.", autocompletion=completion.services),
    ],
    *,
    directory: Directory = Path(),
    as_json: AsJson = False,
) -> None:
    """Write a service or database out as a chart and a stack.yaml, for you to change.

    It goes into the first folder of `stack_paths`, and out of devenv.yaml, whose other lines stay as they are. Nothing
    changes by that: the next `devenv up` finds all as it was. Nothing is written where it would not.
    """
    from devenv.adapters.files.paths import data_root
    from devenv.cli.written import tell_written
    from devenv.workflows.eject import eject as run_eject

    tell_written(run_eject(directory, name, data_root()), as_json=as_json)
