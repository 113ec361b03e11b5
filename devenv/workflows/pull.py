"""`devenv pull`: everything that `up` would have to fetch or build, without a cluster."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from devenv.plan.graph import select
from devenv.plan.image import Mode
from devenv.plan.parts import plan_pull
from devenv.plan.plan import Plan
from devenv.runtime.observe.observe import observe
from devenv.runtime.run_state import RunState
from devenv.runtime.toolbox import Toolbox
from devenv.workflows.access.connect import connect
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.project import load_project
from devenv.workflows.access.session import Session
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform, report_substitutions


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What the user asked for."""

    directory: Path
    assume_yes: bool = False
    profile: str | None = None
    images: Mode = "auto"


def pull(request: PullRequest, session: Session) -> Plan:
    """Bring tools, modules and images here; returns the plan that was run.

    Raises:
        SpecError: with every problem of the specification.
        EngineUnavailableError: no engine answers and none may be installed.
        RunFailedError: steps failed; each was reported as an event.
        InterruptedRunError: the user stopped the run.
        LockedError: another run changes the project, and this one is not to wait.
    """
    began = time.monotonic()
    workspace = load_project(request.directory, session, profile=request.profile)
    environment = connect(workspace, session, agreed=request.assume_yes)
    state = RunState(Toolbox(environment.kubeconfig))
    with exclusive(environment.engine, workspace.project.project, session):

        def plan() -> Plan:
            seen = observe(environment, select(workspace), request.images, claims=state.claims, given_up=state.given_up)
            state.find(seen.toolbox)
            made = plan_pull(seen.wanted, seen.observed)
            report_substitutions(made, seen.observed.images, state, session, command="devenv pull")
            return made

        first = plan()
        log = session.open_log(environment.state / "logs")
        perform(first, environment, state, session, RunInfo(began, log), again="devenv pull", replan=plan)
    return first
