"""`devenv dev`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from devenv.cli import completion
from devenv.cli.options import AsJson, Directory, ImagesMode, ImagesOption, NoWait, ProfileOption, Verbose, Yes

if TYPE_CHECKING:
    from devenv.workflows.dev import DevCommand

_TRIGGER = "trigger"
"""In place of the first name: what runs already is asked for something."""


def dev(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help="Images of devenv.yaml; all that stacks use when not given. After `trigger`: what is asked for.",
            autocompletion=completion.images,
        ),
    ] = None,
    *,
    directory: Directory = Path(),
    profile: ProfileOption = None,
    images: ImagesOption = ImagesMode.AUTO,
    yes: Yes = False,
    logs: Annotated[bool, typer.Option("--logs/--no-logs", help="Show what the stacks write meanwhile.")] = True,
    settle: Annotated[
        int, typer.Option(min=1, metavar="SECONDS", help="How long nothing is synced before the image follows.")
    ] = 30,
    view: Annotated[
        bool, typer.Option("--view", "-w", help="Show it on the whole terminal, with keys, instead of in lines.")
    ] = False,
    no_wait: NoWait = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Watch your sources; sync what you save, or rebuild, load and roll it out.

    Brings up the stacks that use the images first. Then each save of a file that a build reads (.dockerignore is
    honoured) starts a round: the image is built, what changed of it goes into the nodes, and the stacks that use it are
    upgraded, exactly as `devenv up` would. Each round says how long it took from save to ready. A build that fails is
    reported, and the next save tries again. Between the rounds it shows what the stacks write, as `devenv logs -f`
    does. What rules of `sync` are for goes into the running containers instead, without a build, and the image follows
    once you pause. Tasks of devenv.yaml run when what they read is saved, and what they serve runs beside the loop
    (docs/tasks.md). What says `dev: manual` waits until you type `r` and Enter, or run `devenv dev trigger` in
    another terminal, with a NAME for that alone. Ctrl-C ends it; what is rolled out stays. With --view you see each
    service and task with its state, last round, restarts and address over their logs, and keys rebuild, restart and
    open the one that you choose; `?` there says which. With --json, events are printed as JSON lines (docs/events.md).

    Examples: `devenv dev`, `devenv dev --view`, `devenv dev alt-backend`, `devenv dev trigger alt-backend`.
    """
    if names and names[0] == _TRIGGER:
        _ask(directory, names[1:])
        return
    from devenv.cli.typed import typed_lines
    from devenv.workflows.dev import DevCommand

    command = DevCommand(
        directory, tuple(names or ()), yes, profile, images.value, timedelta(seconds=settle), logs, typed_lines
    )
    _run(command, view=view, as_json=as_json, verbose=verbose, wait=not no_wait)


def _run(command: DevCommand, *, view: bool, as_json: bool, verbose: bool, wait: bool) -> None:
    if view:
        from devenv.cli.loop_view import run_in_view

        run_in_view(command, as_json=as_json, verbose=verbose, wait=wait)
        return
    from devenv.cli import wiring
    from devenv.workflows.dev import dev as run_dev

    with wiring.run_session("dev", as_json=as_json, verbose=verbose, wait=wait) as session:
        run_dev(command, session)


def _ask(directory: Path, names: list[str]) -> None:
    from devenv.workflows.access.session import silent_session
    from devenv.workflows.live_sync.triggers import trigger

    loops = trigger(directory, names, silent_session())
    typer.echo(f"asked {loops} devenv dev", err=True)
