"""`devenv up`: load, reach an engine, observe, plan, execute, report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from devenv.engine.environment import Environment
from devenv.engine.observe import observe
from devenv.engine.run_plan import run_plan
from devenv.engine.scheduler import TaskState
from devenv.errors import InterruptedRunError, RunFailedError
from devenv.events import RunFinished
from devenv.images.choice import Mode
from devenv.plan.graph import select
from devenv.plan.plan import Plan
from devenv.plan.planner import make_plan
from devenv.spec.load import load_workspace
from devenv.workflows.connect import connect
from devenv.workflows.links import links
from devenv.workflows.session import Session


@dataclass(frozen=True, slots=True)
class UpRequest:
    """What the user asked for."""

    directory: Path
    assume_yes: bool = False
    plan_only: bool = False
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    profile: str | None = None
    images: Mode = "auto"


def up(request: UpRequest, session: Session) -> Plan:
    """Bring the environment to what the specification says; returns the plan that was run, or would be.

    Raises:
        SpecError: with every problem of the specification.
        EngineUnavailableError: no engine answers and none may be installed.
        RunFailedError: steps failed; each was told as an event.
        InterruptedRunError: the user stopped the run.
    """
    began = time.monotonic()
    workspace = load_workspace(request.directory, data_root=session.data_root, profile=request.profile)
    selection = select(workspace, only=request.only, skip=request.skip, layers=request.layers)
    environment = connect(workspace, session, agreed=request.assume_yes)
    observation = observe(environment, selection, request.images)
    plan = make_plan(observation.wanted, observation.observed)
    if request.plan_only:
        return plan
    log = session.open_log(environment.state / "logs")
    if plan.starts_cluster:
        _run(plan, environment, session, _Tail(began, log))
        observation = observe(environment, selection, request.images)
        plan = make_plan(observation.wanted, observation.observed)
    addresses = links(workspace, selection.stacks, observation.facts)
    _run(plan, environment, session, _Tail(began, log, addresses))
    return plan


@dataclass(frozen=True, slots=True)
class _Tail:
    """What the end of a run tells beyond what became of its steps."""

    began: float
    log: Path
    links: tuple[tuple[str, str], ...] = ()


def _run(plan: Plan, environment: Environment, session: Session, tail: _Tail) -> None:
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
        raise InterruptedRunError("stopped; what is done is kept", hint="devenv up")
    if failures:
        names = ", ".join(failures)
        raise RunFailedError(f"{len(failures)} of {len(plan.nodes)} steps failed: {names}", failures=failures)
