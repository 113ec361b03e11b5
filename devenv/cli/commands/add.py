"""`devenv add`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import AsJson, Directory

if TYPE_CHECKING:
    from devenv.workflows.add import Brought


def add(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="STACK...",
            help="Stacks that come with devenv, or are below `stack_paths`.",
            autocompletion=completion.addable_stacks,
        ),
    ],
    *,
    directory: Directory = Path(),
    as_json: AsJson = False,
) -> None:
    """Add stacks to devenv.yaml, such as redis, nats or monitoring.

    Writes `- name: STACK` at the end of `stacks`; comments, order and all other lines stay as they are. What the stack
    needs comes along by itself and is not written. Told are its addresses, and how `env` of a service refers to it.
    Nothing is started: `devenv up` does that.

    Examples: `devenv add redis`, `devenv add monitoring dashboards logs`.

    A database with migrations of your own is no stack to add: write `databases: {shop: {engine: postgres, migrations:
    db/migrations}}`.
    """
    import json

    from devenv.adapters.files.paths import data_root
    from devenv.workflows.add import add as run_add

    done = run_add(directory, names, data_root())
    if as_json:
        typer.echo(json.dumps({"file": str(done.file), "stacks": [_as_data(each) for each in done.stacks]}, indent=2))
        return
    for stack in done.stacks:
        _print(stack)
    if any(stack.new for stack in done.stacks):
        typer.echo("\nnext: devenv up", err=True)


def _print(stack: Brought) -> None:
    typer.echo(f"{stack.name}: {stack.summary}" + ("" if stack.new else "\n  is in devenv.yaml already"))
    rows = {
        "comes with": ", ".join(stack.needs),
        "opens": ", ".join(stack.endpoints),
        "in a service": f"env: {{{_variable(stack)}: {{database: {stack.name}}}}}" if stack.database else "",
        "from this machine": f"devenv db url {stack.name}" if stack.database else "",
        "more": str(stack.readme or ""),
    }
    for label, text in rows.items():
        if text:
            typer.echo(f"  {label}: {text}")


def _as_data(stack: Brought) -> dict[str, object]:
    return {
        "name": stack.name,
        "summary": stack.summary,
        "added": stack.new,
        "needs": list(stack.needs),
        "endpoints": list(stack.endpoints),
        "env": {_variable(stack): {"database": stack.name}} if stack.database else {},
        "readme": str(stack.readme) if stack.readme else None,
    }


def _variable(stack: Brought) -> str:
    """A name for the variable with its address, as programs mostly call it."""
    return f"{stack.name.upper().replace('-', '_')}_URL"
