"""What commands tell of a stack that they have written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from devenv.workflows.scaffolding.project_file import WrittenStack


def tell_written(stack: WrittenStack, *, as_json: bool) -> None:
    """Print the files, and what is left to the user; or all of it as JSON."""
    if as_json:
        files = [str(file) for file in stack.files]
        data = {"name": stack.name, "folder": str(stack.folder), "files": files, "left": stack.left}
        typer.echo(json.dumps(data, indent=2))
        return
    for file in stack.files:
        typer.echo(file)
    for change in stack.left:
        typer.echo(f"in devenv.yaml, which was not changed: {change}", err=True)
