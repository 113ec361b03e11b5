"""Running a plan for a workflow: told as events from its beginning to its end, failures raised as one error."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from devenv.engine.environment import Environment
from devenv.engine.run_plan import run_plan
from devenv.engine.scheduler import RunReport, TaskState
from devenv.errors import InterruptedRunError, RunFailedError
from devenv.events import RunFinished
from devenv.plan.plan import Plan
from devenv.workflows.session import Session


@dataclass(frozen=True, slots=True)
class Tail:
    """What the end of a run tells beyond what became of its steps."""

    began: float
    """When the command began, on the monotonic clock."""
    log: Path
    command: str
    """What goes on with an interrupted run: `devenv up`."""
    links: tuple[tuple[str, str], ...] = ()


def run(plan: Plan, environment: Environment, session: Session, tail: Tail) -> RunReport:
    """Run a plan.

    Raises:
        RunFailedError: steps failed; each was told as an event.
        InterruptedRunError: the user stopped the run.
    """
    session.emit(plan.as_event())
    report = run_plan(plan, environment, session.emit, session.cancel)
    failures = report.failures
    session.emit(
        RunFinished(
            succeeded=report.count(TaskState.SUCCEEDED),
            failed=len(failures),
            skipped=report.count(TaskState.SKIPPED) + report.count(TaskState.CANCELLED),
            unchanged=len(plan.unchanged),
            seconds=time.monotonic() - tail.began,
            chain=report.chain,
            chain_seconds=report.chain_seconds,
            log=str(tail.log),
            links=() if failures else tail.links,
        )
    )
    if session.cancel.is_set():
        raise InterruptedRunError("stopped; what is done is kept", hint=tail.command)
    if failures:
        names = ", ".join(failures)
        raise RunFailedError(f"{len(failures)} of {len(plan.nodes)} steps failed: {names}", failures=failures)
    return report
