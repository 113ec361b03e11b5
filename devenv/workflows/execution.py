"""Running a plan: what every command that makes one has in common."""

from __future__ import annotations

from devenv.engine.environment import Environment
from devenv.engine.room import look_for_room, makes_something, shortages
from devenv.engine.run_plan import run_plan
from devenv.engine.scheduler import RunReport
from devenv.plan.plan import Plan
from devenv.workflows.conclusion import Tail, conclude
from devenv.workflows.exclusive import confirm_lock
from devenv.workflows.session import Session


def perform(
    plan: Plan, environment: Environment, session: Session, tail: Tail, *, again: str = "devenv up"
) -> RunReport:
    """Run a plan and tell its end; the project is locked. Raises as `conclude` does."""
    session.emit(plan.as_event())
    if makes_something(plan):
        for warning in shortages(plan, look_for_room(environment.engine, environment.cache)):
            session.emit(warning)
    if plan.nodes:
        confirm_lock(plan.project, session)
    report = run_plan(plan, environment, session.emit, session.cancel)
    conclude(report, len(plan.unchanged), session, tail, again=again)
    return report
