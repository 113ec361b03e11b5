"""`devenv list`."""

from __future__ import annotations

import typer

from devenv.cli.options import AsJson


def list_(*, as_json: AsJson = False) -> None:
    """List the environments of this engine: project, folder, state, ports, memory.

    It needs no devenv.yaml and asks the engine alone: running means that the containers run, and `devenv status` in the
    environment's folder tells whether its stacks are ready. Memory is what the containers take, as `docker stats`
    counts it; a stopped environment takes none, and has its ports again when it is started.

    Examples: `devenv list`, `devenv list --json | jq -r '.[] | select(.state == "running") | .folder'`.
    """
    from devenv.ui.environments_view import environments_as_json, print_environments
    from devenv.workflows.environments import list_environments

    rows = list_environments()
    if as_json:
        typer.echo(environments_as_json(rows))
    else:
        print_environments(rows)
