"""Having an environment: the one that runs, or one that is brought up for the tests.

Responsible for which of the two it is, and for telling what happens meanwhile. It asks nobody: what would lose data or
install an engine is refused, with the command by which a person agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from devenv.adapters.host.trust import passwords_in
from devenv.errors import ClusterError, DevenvError
from devenv.errors.translation import as_devenv_error
from devenv.plan.cluster_state import ClusterState
from devenv.plan.graph import select
from devenv.ui.run.files import RunFiles
from devenv.ui.run.plain import PlainLines
from devenv.ui.run.redaction import Secrets
from devenv.ui.run.stream import EventStream, Sink
from devenv.workflows.access.session import Session
from devenv.workflows.down import DownRequest, down
from devenv.workflows.observed import ObservedProject, observe_project
from devenv.workflows.up import UpRequest, up


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which environment the tests want."""

    directory: Path
    only: tuple[str, ...] = ()
    """Stacks; with what they need. All when empty."""
    profile: str | None = None
    """None for the one that is up, else the project's own."""


@contextmanager
def told(command: str, progress: TextIO | None) -> Iterator[Session]:
    """A session that tells each step in a line, and keeps the run's log like any command."""
    files = RunFiles(command)
    sinks: list[Sink] = [files, *([PlainLines(progress)] if progress else [])]
    secrets = Secrets()
    secrets.add(*passwords_in())
    with EventStream(sinks, secrets=secrets) as stream:
        try:
            yield Session(
                emit=stream.emit,
                # Where nobody could be asked, `down` would take that for consent.
                interactive=True,
                confirm=_nobody_agrees,
                open_log=files.open,
                mask=secrets.add,
                command=command,
            )
        except Exception as error:
            raise secrets.mask_error(as_devenv_error(error)) from error


def require_running(wanted: Wanted) -> None:
    """See that an environment runs that has what is wanted.

    Raises:
        ClusterError: it does not run, or lacks a stack, or has another profile.
        DevenvError: as for any command that looks at it.
    """
    observed = observe_project(wanted.directory)
    if observed.facts.state is not ClusterState.RUNNING:
        raise _not_running(observed)
    _require_profile(observed, wanted)
    if lacking := _lacking(observed, wanted):
        only = " ".join(f"--only {name}" for name in wanted.only)
        raise ClusterError(
            f"the environment of {observed.names.project} runs without {', '.join(lacking)}", hint=f"devenv up {only}"
        )


def why_gone(directory: Path) -> DevenvError | None:
    """Why there is no environment any more; None while its nodes run, whatever else is wrong with it."""
    try:
        observed = observe_project(directory)
    except DevenvError as error:
        return error
    nodes_run = observed.facts.state in (ClusterState.RUNNING, ClusterState.UNREACHABLE)
    return None if nodes_run else _not_running(observed)


def bring_up(
    wanted: Wanted, session: Session, *, fresh: bool = False, absent: Callable[[], None] = lambda: None
) -> bool:
    """Have the environment run with what is wanted; whether anything was done for it.

    Args:
        wanted: what is asked for.
        session: hears of each step.
        fresh: take away one that is there, unless a database of it holds more than its seeds.
        absent: called where there is none, before one is begun.
    """
    observed = observe_project(wanted.directory)
    if fresh and observed.facts.state is not ClusterState.ABSENT:
        down(DownRequest(wanted.directory), session)
        observed = observe_project(wanted.directory)
    if observed.facts.state is ClusterState.ABSENT:
        absent()
    elif observed.facts.state is ClusterState.RUNNING:
        _require_profile(observed, wanted)
        if not _lacking(observed, wanted):
            return False
    # The profile that is up stays, where no other one is asked for.
    up(UpRequest(wanted.directory, only=wanted.only, profile=wanted.profile or observed.facts.profile or None), session)
    return True


def take_down(directory: Path, session: Session) -> None:
    """Take away what `bring_up` made."""
    down(DownRequest(directory, assume_yes=True), session)


def _lacking(observed: ObservedProject, wanted: Wanted) -> list[str]:
    """The stacks that are wanted and were never ready; without a choice, those of the whole project."""
    chosen = select(observed.workspace, only=wanted.only, skip=(), layers=())
    return [name for name in chosen if name not in observed.facts.records]


def _require_profile(observed: ObservedProject, wanted: Wanted) -> None:
    running = observed.facts.profile
    if wanted.profile and running and wanted.profile != running:
        raise ClusterError(
            f"the environment of {observed.names.project} runs with profile {running}, not {wanted.profile}",
            hint=f"devenv up --profile {wanted.profile}",
        )


def _not_running(observed: ObservedProject) -> DevenvError:
    facts = observed.facts
    return ClusterError(
        f"the environment of {observed.names.project} does not run: cluster {observed.names.cluster} is {facts.state}",
        context={"cause": facts.reason} if facts.reason else None,
        hint="devenv up",
    )


def _nobody_agrees(_: str) -> bool:
    return False
