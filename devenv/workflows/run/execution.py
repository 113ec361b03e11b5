"""Running a plan: the one way for every command that has steps."""

from __future__ import annotations

from collections.abc import Callable

from devenv.events import Noted
from devenv.plan.observed import ObservedImages
from devenv.plan.plan import Plan
from devenv.plan.provision import substitutions
from devenv.plan.steps import image_key
from devenv.runtime.environment import Environment
from devenv.runtime.host.capacity import find_shortages
from devenv.runtime.run.run_plan import run_plan
from devenv.runtime.run.scheduler import RunReport
from devenv.runtime.run_state import RunState
from devenv.workflows.access.exclusive import confirm_lock
from devenv.workflows.access.session import Session
from devenv.workflows.run.conclusion import RunInfo, conclude
from devenv.workflows.run.telemetry import tell_prometheus


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
    replan: Callable[[], Plan] | None = None,
) -> RunReport:
    """Run a plan and report its end; the project is locked.

    Where nothing failed but pulls of images that recipes make as well, it goes on with the plan that `replan` makes.

    Args:
        plan: what is run.
        environment: where.
        state: what the command has learned, and learns now.
        session: hears of everything.
        info: what the report of its end says beyond the steps.
        again: the command that goes on after a stop.
        checks_room: whether memory and disk are looked at first, where the plan takes some.
        ended: called once the end is reported, with what became of the steps, also when some failed.
        replan: observes anew and plans, given what `state` has learned; for commands whose plans may pull.

    Raises:
        RunFailedError: steps failed; each was reported as an event.
        InterruptedRunError: the user stopped the run.
    """
    while True:
        session.emit(plan.as_event())
        for warning in find_shortages(plan, environment.engine, environment.cache) if checks_room else ():
            session.emit(warning)
        if plan.nodes:
            confirm_lock(plan.project, session)
        report = run_plan(plan, environment, state, session.emit, session.cancel)
        if not replan or session.cancel.is_set() or not _only_pulls_failed(report, state):
            break
        plan = replan()
    try:
        conclude(report, len(plan.unchanged), session, info, again=again)
    finally:
        if ended:
            ended(report)
        tell_prometheus(plan, report, session.command, environment)
    return report


def report_substitutions(
    plan: Plan, images: ObservedImages, state: RunState, session: Session, *, command: str
) -> None:
    """Tell which images are made though upstream publishes them, and why, each once in a run."""
    for replaced in substitutions(images, plan.made_images):
        if state.is_first_warning(replaced):
            hint = f"to pull, or be told why it cannot be: {command} --images upstream"
            session.emit(Noted(replaced, hint=hint))


def _only_pulls_failed(report: RunReport, state: RunState) -> bool:
    """Whether some steps failed, all of them pulls that recipes make up for; no such image is pulled a second time."""
    return bool(report.failures) and report.failures.keys() <= {image_key(image) for image in state.given_up}
