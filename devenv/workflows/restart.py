"""`devenv restart`: new pods for a stack's workloads, from what is deployed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import ClusterError
from devenv.plan.parts import plan_restart
from devenv.runtime.run_state import RunState
from devenv.spec.stack import StackSpec
from devenv.workflows.access.session import Session
from devenv.workflows.access.stack_names import require_stacks
from devenv.workflows.databases.deployed import Deployment, reach
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform


@dataclass(frozen=True, slots=True)
class RestartRequest:
    """What the user asked for."""

    directory: Path
    names: tuple[str, ...]


def restart(request: RestartRequest, session: Session) -> None:
    """Restart the named stacks and wait until they are rolled out.

    Raises:
        UsageError: an unknown name.
        ClusterError: a stack is not installed, or the cluster does not run.
        RunFailedError: one did not become ready; it was reported as an event.
    """
    began = time.monotonic()
    with reach(request.directory, session, alone=True) as deployment:
        stacks = _choose(deployment, request.names)
        environment = deployment.environment
        log = session.open_log(environment.state / "logs")
        plan, state = plan_restart(environment.names, stacks), RunState(deployment.toolbox)
        perform(plan, environment, state, session, RunInfo(began, log), again="devenv restart", checks_room=False)


def _choose(deployment: Deployment, names: tuple[str, ...]) -> list[StackSpec]:
    """The named stacks, each after those that it needs."""
    workspace = deployment.environment.workspace
    for name in names:
        require_stacks(workspace, [name])
        if name not in deployment.facts.records:
            raise ClusterError(f"stack {name} is not installed", hint=f"devenv up --only {name}")
    return [workspace.stacks[name].spec for name in workspace.selected if name in names]
