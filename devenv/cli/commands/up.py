"""`devenv up`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import Adopt, AsJson, Directory, ImagesMode, ImagesOption, NoWait, ProfileOption, Verbose, Yes

if TYPE_CHECKING:
    from devenv.workflows.up import UpRequest

Only = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="STACK",
        help="Only this stack and what it needs; repeatable.",
        autocompletion=completion.stacks,
    ),
]
Trace = Annotated[
    Path | None, typer.Option("--trace", help="Write a timeline in the Chrome trace format to this file.")
]
Skip = Annotated[
    list[str] | None,
    typer.Option(
        "--skip",
        metavar="NAME",
        help="Leave this stack or task out; repeatable.",
        autocompletion=completion.stacks_and_tasks,
    ),
]
Layer = Annotated[
    list[str] | None,
    typer.Option(
        "--layer",
        metavar="LAYER",
        help="Only this layer (02 will do) and what it needs; repeatable.",
        autocompletion=completion.layers,
    ),
]


def up(
    *,
    directory: Directory = Path(),
    yes: Yes = False,
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be done, and stop.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Put right, too, what was changed in the cluster by other means.")
    ] = False,
    only: Only = None,
    skip: Skip = None,
    layer: Layer = None,
    profile: ProfileOption = None,
    images: ImagesOption = ImagesMode.AUTO,
    adopt: Adopt = False,
    trace: Trace = None,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Bring the environment up, or up to date.

    Only what is missing or changed is done; what does not depend on each other runs in parallel. Interrupt it
    whenever you like: the next `devenv up` goes on from there. With --json, events are printed as JSON lines
    (docs/events.md).

    Examples: `devenv up`, `devenv up --plan`, `devenv up --only postgres`, `devenv up --profile staging`.
    """
    from devenv.cli import wiring
    from devenv.workflows import up as workflow

    request = workflow.UpRequest(
        directory=directory,
        assume_yes=yes,
        plan_only=plan,
        verify=verify,
        only=tuple(only or ()),
        skip=tuple(skip or ()),
        layers=tuple(layer or ()),
        profile=profile,
        images=images.value,
        adopt=adopt,
    )
    if plan:
        typer.echo(_planned(request, as_json=as_json))
        return
    with wiring.run_session("up", as_json=as_json, trace=trace, verbose=verbose, wait=not no_wait) as session:
        workflow.up(request, session)
    _bring_start_page(directory, somebody_watches=sys.stderr.isatty() and not as_json)


def _bring_start_page(directory: Path, *, somebody_watches: bool) -> None:
    """What keeps the page from coming is told, and the environment is up without it."""
    if not somebody_watches:
        return
    from devenv.errors import DevenvError
    from devenv.workflows.open import open_page

    try:
        url = open_page(directory, in_browser=False).url.partition("#")[0]
    except DevenvError as error:
        typer.echo(f"No start page: {error.message}" + (f" (try: {error.hint})" if error.hint else ""), err=True)
    else:
        typer.echo(f"Start page: {url} (with its buttons: devenv open)", err=True)


def _planned(request: UpRequest, *, as_json: bool) -> str:
    from devenv.cli import wiring
    from devenv.ui.plan_view import plan_json, plan_tree
    from devenv.workflows.up import up as run_up

    with wiring.run_session("plan", as_json=False) as session:
        event = run_up(request, session).as_event()
    return plan_json(event) if as_json else plan_tree(event)
