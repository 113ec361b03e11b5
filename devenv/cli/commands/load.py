"""`devenv load`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli.options import AsJson, Directory, NoWait, Verbose


def load(
    images: Annotated[
        list[str],
        typer.Argument(metavar="IMAGE", help="References of the engine's images, or names of devenv.yaml's images."),
    ],
    *,
    directory: Directory = Path(),
    no_wait: NoWait = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Bring images from the engine into every node of the cluster.

    No registry is needed. Only layers that a node lacks are sent, to all nodes at once, several images in parallel;
    what is there already is left alone. A pod that names the image finds it, if its imagePullPolicy is not Always.
    `devenv up` loads what its stacks use by itself.

    Examples: `devenv load shop/api:dev`, `devenv load alt-backend redis:7 --json`.
    """
    import json

    from devenv.cli import wiring
    from devenv.ui.tables import print_table
    from devenv.workflows.load import load_images

    with wiring.run_session("load", as_json=False, verbose=verbose, wait=not no_wait) as session:
        loaded = load_images(directory, images, session)
    if as_json:
        typer.echo(json.dumps([image.as_dict() for image in loaded], indent=2))
        return
    print_table(
        ("image", "reference", "sent", "layers", "unchanged nodes", "seconds"),
        [
            (
                image.name,
                image.reference,
                f"{image.report.sent_bytes / 1e6:.1f} MB",
                str(image.report.sent_layers),
                f"{len(image.report.unchanged)} of {len(image.nodes)}",
                f"{image.report.seconds:.2f}",
            )
            for image in loaded
        ],
    )
