"""`devenv build`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import AsJson, Directory, ImagesMode, ImagesOption, NoWait, Verbose, Yes


def build(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME", help="Images of devenv.yaml; all of them when not given.", autocompletion=completion.images
        ),
    ] = None,
    *,
    directory: Directory = Path(),
    images: ImagesOption = ImagesMode.AUTO,
    yes: Yes = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Build the project's images into the engine.

    Prints each image's name and reference. Builds run in parallel, through BuildKit; an image whose context, Dockerfile
    and arguments have not changed is not built. Tasks that need no stack run first, as in `devenv up`. No cluster is
    needed, and none is changed: `devenv up` brings what was built into the nodes and rolls it out. `images.<name>.tag`
    in devenv.yaml says whether tags are made from content or from git.

    Examples: `devenv build`, `devenv build alt-backend`, `devenv build --json`.
    """
    import json

    from devenv.cli import wiring
    from devenv.ui.tables import print_table
    from devenv.workflows.build import BuildCommand
    from devenv.workflows.build import build as run_build

    command = BuildCommand(directory, tuple(names or ()), yes, images.value)
    with wiring.run_session("build", as_json=False, verbose=verbose, wait=not no_wait) as session:
        built = run_build(command, session)
    if as_json:
        typer.echo(json.dumps([image.as_dict() for image in built], indent=2))
        return
    print_table(
        ("image", "reference", "size", "state"),
        [(b.name, b.reference, f"{b.size / 1e6:.0f} MB", "built" if b.built else "unchanged") for b in built],
    )
