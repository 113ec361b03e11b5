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
            help="postgres, mysql, clickhouse, redis or nats for a database; or stacks, of devenv or your own.",
            autocompletion=completion.addable_stacks,
        ),
    ],
    *,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What the database is called.")] = None,
    directory: Directory = Path(),
    as_json: AsJson = False,
) -> None:
    """Add databases and stacks to devenv.yaml, such as postgres, redis or monitoring.

    For an engine it writes `PROJECT-ENGINE: {engine: ENGINE}` at the end of `databases`, a server of the project's own;
    for all else `- name: STACK` at the end of `stacks`. Comments, order and all other lines stay as they are. What it
    needs comes along by itself and is not written. Told are its addresses, and how `env` of a service refers to it.
    Nothing is started: `devenv up` does that.

    Examples: `devenv add redis`, `devenv add mysql --name orders`, `devenv add monitoring dashboards logs`.

    Migrations and seeds are written beside it: `orders: {engine: mysql, migrations: db/migrations, seeds: db/seeds}`.
    """
    import json

    from devenv.adapters.files.paths import data_root
    from devenv.workflows.add import add as run_add

    done = run_add(directory, names, data_root(), called=name)
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
        "in a service": f"env: {{{stack.variable}: {{database: {stack.name}}}}}" if stack.variable else "",
        "from this machine": f"devenv db url {stack.name}" if stack.variable else "",
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
        "env": {stack.variable: {"database": stack.name}} if stack.variable else {},
        "readme": str(stack.readme) if stack.readme else None,
    }
