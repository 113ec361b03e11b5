"""`devenv lock`."""

from __future__ import annotations

from pathlib import Path

import typer

from devenv.cli.options import AsJson, Directory


def lock(*, directory: Directory = Path(), as_json: AsJson = False) -> None:
    """Record the digests of the upstream images that the project uses in devenv.lock, beside devenv.yaml.

    Asks their registries; an image that is recorded is used with this digest alone from then on, by everybody who has
    the file. A registry that does not answer is reported and its images stay as they were: a digest is never invented.
    One that answers and refuses is an error, and the file stays as it is.
    """
    import json

    from devenv.ui.tables import print_table
    from devenv.workflows.lock import lock_images

    rows = lock_images(directory)
    if as_json:
        typer.echo(json.dumps([row.as_dict() for row in rows], indent=2))
        return
    print_table(
        ("image", "upstream", "digest", "state"),
        [(r.name, r.upstream, r.digest or "-", r.state) for r in rows],
    )
