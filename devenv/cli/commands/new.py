"""`devenv new`: what a project gets that was not there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import AsJson, Directory

app = typer.Typer(
    help="Write something new into the project: a stack.",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@app.command("stack")
def stack(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The stack's name, and its host's first part.")],
    *,
    layer: Annotated[
        str,
        typer.Option("--layer", metavar="NN-NAME", help="The layer that it is in.", autocompletion=completion.layers),
    ] = "06-application",
    directory: Directory = Path(),
    as_json: AsJson = False,
) -> None:
    """Write a stack of your own: a chart that works at once, values for each profile, stack.yaml, a test.

    It goes into the first folder of `stack_paths`, or `stacks`, and into the list of devenv.yaml, whose other lines and
    comments stay. The chart runs as the restricted Pod Security Standard wants it, and shows a page until its image is
    yours. All of it is written or nothing, and over no file.

    A service needs no chart: `services: {api: {build: api, port: 8080}}` in devenv.yaml; `devenv eject api` writes one.

    Examples: `devenv new stack search`, `devenv new stack gateway --layer 04-core-services`.
    """
    from devenv.adapters.files.paths import data_root
    from devenv.cli.written import tell_written
    from devenv.workflows.scaffolding.new_stack import new_stack

    done = new_stack(directory, name, layer, data_root())
    tell_written(done, as_json=as_json)
    if not as_json:
        typer.echo(f"\nnext: devenv up, then: devenv open {done.name}", err=True)
