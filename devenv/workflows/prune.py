"""`devenv prune`: remove what devenv.yaml no longer names."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import UsageError
from devenv.events import Noted
from devenv.plan.parts import plan_prune
from devenv.runtime.observe.left_stacks import left_stacks
from devenv.runtime.observe.uninstalling import uninstalling
from devenv.runtime.run_state import RunState
from devenv.runtime.toolbox import Toolbox
from devenv.workflows.access.consent import agree_to_losses
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import reach
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform


@dataclass(frozen=True, slots=True)
class PruneRequest:
    """What the user asked for."""

    directory: Path
    names: tuple[str, ...] = ()
    """All that are left, when empty."""
    keep_data: bool = False
    """Leave volume claims where they are."""
    plan_only: bool = False
    assume_yes: bool = False


def prune(request: PruneRequest, session: Session) -> None:
    """Remove stacks that are in the cluster and that devenv.yaml does not name.

    Raises:
        UsageError: a name is none of them.
        DataLossError: volumes would go, and nobody agreed to that.
        ClusterError: the cluster does not run.
        RunFailedError: something could not be removed; it was reported as an event.
    """
    began = time.monotonic()
    with reach(request.directory, session, alone=True) as deployment:
        environment = deployment.environment
        facts, known = deployment.facts, environment.workspace.selected
        left = _choose(left_stacks(facts, known), request.names)
        if not left:
            session.emit(Noted("nothing to prune: devenv.yaml names all that is in the cluster"))
            return
        steps = [uninstalling(name, facts, known, keep_data=request.keep_data) for name in left]
        plan = plan_prune(environment.names, steps)
        if request.plan_only:
            session.emit(plan.as_event())
            return
        hint = "devenv prune --keep-data, or agree: devenv prune --yes"
        agree_to_losses(plan, session, assume_yes=request.assume_yes, hint=hint)
        log = session.open_log(environment.state / "logs")
        state = RunState(Toolbox.locate(environment.kubeconfig, environment.workspace.versions.tools))
        perform(plan, environment, state, session, RunInfo(began, log), again="devenv prune", checks_room=False)


def _choose(left: Sequence[str], names: Sequence[str]) -> list[str]:
    if unknown := [name for name in names if name not in left]:
        raise UsageError(
            f"{', '.join(unknown)}: not in the cluster, or still in devenv.yaml",
            hint=f"left in the cluster: {', '.join(left) or 'nothing'}",
        )
    return [name for name in left if not names or name in names]
