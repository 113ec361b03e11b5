"""`devenv lock`."""

from __future__ import annotations

import typer

from devenv.cli.options import AsJson


def lock(*, as_json: AsJson = False) -> None:
    """Record the digests of upstream images.

    Asks their registries and writes `digest` into versions.yaml. A registry that does not answer is reported and
    its images are left as they are: a digest is never invented.
    """
    import json

    from devenv.ui.tables import print_table
    from devenv.workflows.lock import lock_images

    rows = lock_images()
    if as_json:
        typer.echo(json.dumps([row.as_dict() for row in rows], indent=2))
        return
    print_table(
        ("image", "upstream", "digest", "state"),
        [(r.name, r.upstream, r.digest or "-", r.state) for r in rows],
    )
