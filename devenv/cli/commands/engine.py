"""`devenv engine`."""

from __future__ import annotations

import typer

from devenv.cli.options import AsJson, Yes


def engine(*, yes: Yes = False, as_json: AsJson = False) -> None:
    """Make sure that a container engine answers, and show which.

    An engine that answers is used as it is. Where none does, devenv can install and start your distribution's when you
    agree; this is what `devenv up` does first. Also lists what devenv has changed on this host for it.
    """
    import json

    from devenv.adapters.engine.service import changes
    from devenv.cli import wiring
    from devenv.workflows.access.connect import reach_engine

    with wiring.run_session("engine", as_json=False) as session:
        version = reach_engine(session, agreed=yes).version()
    changed = changes()
    if as_json:
        document = {
            "version": version.version,
            "os": version.os,
            "architecture": version.arch,
            "cgroup": version.cgroup,
            "storage_driver": version.storage_driver,
            "changes": [{"what": change.what, "undo": change.undo} for change in changed],
        }
        typer.echo(json.dumps(document, indent=2))
        return
    typer.echo(f"engine {version.version} ({version.os}/{version.arch}, {version.storage_driver})")
    for change in changed:
        typer.echo(f"devenv changed: {change.what} (undo: {change.undo})")
