"""Runs a plan: its nodes as the scheduler's tasks, with what bounds them and what they are expected to take."""

from __future__ import annotations

import os
import threading

from devenv.errors import NotReadyError, WorkloadError
from devenv.events import Emit
from devenv.plan.plan import Plan, PlanNode
from devenv.plan.steps import (
    AssembleNodeImage,
    BootstrapImage,
    BuildImage,
    CreateCluster,
    InstallChart,
    LoadImage,
    ProvideTool,
    PullImage,
    Step,
)
from devenv.runtime.diagnosis.measured import measured
from devenv.runtime.environment import Environment
from devenv.runtime.run.execute import execute
from devenv.runtime.run.scheduler import RunReport, run
from devenv.runtime.run.tasks import Task
from devenv.runtime.run_state import RunState
from devenv.runtime.step_context import StepContext
from devenv.spec.monitors import MONITORING

WORKERS = 24
"""Most steps wait for other programs; what uses the processor is bounded by slots."""
BUILD_SLOT, LOAD_SLOT, WAIT_SLOT = "build", "load", "wait"
_COSTS: dict[type, float] = {
    ProvideTool: 60.0,
    BootstrapImage: 45.0,
    BuildImage: 90.0,
    PullImage: 20.0,
    AssembleNodeImage: 30.0,
    CreateCluster: 28.0,
    LoadImage: 4.0,
    InstallChart: 8.0,
}
"""Typical seconds, only to begin first what delays the end most."""


def run_plan(plan: Plan, environment: Environment, state: RunState, emit: Emit, cancel: threading.Event) -> RunReport:
    """Run every step of a plan once its needs are met; returns what became of each."""
    steps = {node.key: node.step for node in plan.nodes}

    def work(key: str, stop: threading.Event) -> str:
        try:
            return execute(steps[key], StepContext(environment, state, key, emit, stop))
        except (WorkloadError, NotReadyError) as error:
            explain(error, environment)
            raise

    cores = os.cpu_count() or 1
    with state.loads.kept():
        return run(
            [_task(node) for node in plan.nodes],
            work,
            emit,
            slots={BUILD_SLOT: max(1, cores), LOAD_SLOT: max(2, cores)},
            workers=WORKERS,
            cancel=cancel,
        )


def explain(error: WorkloadError | NotReadyError, environment: Environment) -> None:
    """Add what monitoring has measured of the object that an error names, where the project has monitoring."""
    subject = error.context.get("object", "")
    if MONITORING in environment.workspace.selected and (found := measured(environment.cluster, subject)):
        error.context["measured"] = found


def _task(node: PlanNode) -> Task:
    return Task(node.key, node.needs, _slot(node.step), _COSTS.get(type(node.step), 1.0))


def _slot(step: Step) -> str:
    if isinstance(step, ProvideTool | BootstrapImage | BuildImage | AssembleNodeImage):
        return BUILD_SLOT
    return LOAD_SLOT if isinstance(step, LoadImage | PullImage) else WAIT_SLOT
