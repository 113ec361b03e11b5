"""Running a plan: the one way for every command that has steps."""

from __future__ import annotations

from collections.abc import Callable

from devenv.plan.plan import Plan
from devenv.runtime.environment import Environment
from devenv.runtime.host.capacity import find_shortages
from devenv.runtime.run.run_plan import run_plan
from devenv.runtime.run.scheduler import RunReport
from devenv.runtime.run_state import RunState
from devenv.workflows.access.exclusive import confirm_lock
from devenv.workflows.access.session import Session
from devenv.workflows.run.conclusion import RunInfo, conclude


def perform(
    plan: Plan,
    environment: Environment,
    state: RunState,
    session: Session,
    info: RunInfo,
    *,
    again: str = "devenv up",
    checks_room: bool = True,
    ended: Callable[[RunReport], None] | None = None,
) -> RunReport:
    """Run a plan and report its end; the project is locked.

    Args:
        plan: what is run.
        environment: where.
        state: what the command has learned, and learns now.
        session: hears of everything.
        info: what the report of its end says beyond the steps.
        again: the command that goes on after a stop.
        checks_room: whether memory and disk are looked at first, where the plan takes some.
        ended: called once the end is reported, with what became of the steps, also when some failed.

    Raises:
        RunFailedError: steps failed; each was reported as an event.
        InterruptedRunError: the user stopped the run.
    """
    session.emit(plan.as_event())
    for warning in find_shortages(plan, environment.engine, environment.cache) if checks_room else ():
        session.emit(warning)
    if plan.nodes:
        confirm_lock(plan.project, session)
    report = run_plan(plan, environment, state, session.emit, session.cancel)
    try:
        conclude(report, len(plan.unchanged), session, info, again=again)
    finally:
        if ended:
            ended(report)
    return report
