"""`devenv render`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import AsJson, Directory, ProfileOption


def render(
    stacks: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="STACK", help="Stacks to render; all when none is given.", autocompletion=completion.stacks
        ),
    ] = None,
    *,
    directory: Directory = Path(),
    profile: ProfileOption = None,
    credentials: Annotated[bool, typer.Option("--credentials", help="Show the values of Secrets.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print every manifest that `devenv up` would apply, as YAML, each stack after those that it needs.

    No engine and no cluster is asked, and the same specification gives the same bytes: for what a chart makes up, such
    as certificates, it says (generated), but with --credentials. What charts would look up in a cluster is not there.
    `devenv diff` compares with a cluster, `devenv compare` two profiles. Values of Secrets are hidden. What devenv
    itself makes, beside charts and manifests (credentials, seeds, records), is not among it.

    Examples: `devenv render alt-backend`, `devenv render --profile prod > prod.yaml`.
    """
    from devenv.ui.manifests_view import manifests_as_json, manifests_as_yaml
    from devenv.workflows.render import RenderRequest, render_stacks

    found = render_stacks(
        RenderRequest(directory, tuple(stacks or ()), profile, credentials=credentials),
        lambda note: typer.echo(f"note: {note}", err=True),
    )
    typer.echo(manifests_as_json(found) if as_json else manifests_as_yaml(found), nl=as_json)
