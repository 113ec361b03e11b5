"""Running a plan: what every command that makes one has in common."""

from __future__ import annotations

from devenv.plan.plan import Plan
from devenv.runtime.environment import Environment
from devenv.runtime.host.capacity import makes_something, observe_capacity, shortages
from devenv.runtime.run.run_plan import run_plan
from devenv.runtime.run.scheduler import RunReport
from devenv.workflows.access.exclusive import confirm_lock
from devenv.workflows.access.session import Session
from devenv.workflows.run.conclusion import Tail, conclude


def perform(
    plan: Plan, environment: Environment, session: Session, tail: Tail, *, again: str = "devenv up"
) -> RunReport:
    """Run a plan and tell its end; the project is locked. Raises as `conclude` does."""
    session.emit(plan.as_event())
    if makes_something(plan):
        for warning in shortages(plan, observe_capacity(environment.engine, environment.cache)):
            session.emit(warning)
    if plan.nodes:
        confirm_lock(plan.project, session)
    report = run_plan(plan, environment, session.emit, session.cancel)
    conclude(report, len(plan.unchanged), session, tail, again=again)
    return report
