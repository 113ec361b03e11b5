"""`devenv kubeconfig`."""

from __future__ import annotations

from pathlib import Path

import typer

from devenv.cli.options import AsJson, Directory


def kubeconfig(*, directory: Directory = Path(), as_json: AsJson = False) -> None:
    """Print the path of the project's own kubeconfig.

    devenv never writes to your default kubeconfig. Use it as `export KUBECONFIG=$(devenv kubeconfig)`.
    """
    import json

    from devenv.workflows.access.locations import project_locations

    path = project_locations(directory).kubeconfig
    typer.echo(json.dumps({"kubeconfig": str(path), "exists": path.exists()}) if as_json else path)
