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
from devenv.workflows.access.consent import agree_to_commands
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.project import load_project
from devenv.workflows.access.session import Session
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform, report_substitutions
from devenv.workflows.run.leading_tasks import run_leading_tasks


@dataclass(frozen=True, slots=True)
class PullRequest:
    """What the user asked for."""

    directory: Path
    assume_yes: bool = False
    profile: str | None = None
    images: Mode = "auto"


def pull(request: PullRequest, session: Session) -> Plan:
    """Bring tools, modules and images here, after the tasks that come first; returns the plan that was run.

    Raises:
        SpecError: with every problem of the specification.
        EngineUnavailableError: no engine answers and none may be installed.
        HostCommandError: nobody has agreed to a command of a task or an image.
        RunFailedError: steps failed; each was reported as an event.
        InterruptedRunError: the user stopped the run.
        LockedError: another run changes the project, and this one is not to wait.
    """
    began = time.monotonic()
    workspace = load_project(request.directory, session, profile=request.profile)
    environment = connect(workspace, session, agreed=request.assume_yes)
    state = RunState(Toolbox(environment.kubeconfig))
    with exclusive(environment.engine, workspace.project.project, session):
        environment = run_leading_tasks(
            environment, session, began, assume_yes=request.assume_yes, again="devenv pull", profile=request.profile
        )
        stacks = select(environment.workspace)

        def plan() -> Plan:
            seen = observe(environment, stacks, request.images, claims=state.claims, given_up=state.given_up)
            state.find(seen.toolbox)
            made = plan_pull(seen.wanted, seen.observed)
            report_substitutions(made, seen.observed.images, state, session, command="devenv pull")
            return made

        first = plan()
        commands = first.host_commands
        agree_to_commands(environment, commands, session, assume_yes=request.assume_yes, again="devenv pull")
        info = RunInfo(began, session.open_log(environment.state / "logs"))
        perform(first, environment, state, session, info, again="devenv pull", replan=plan)
    return first
