"""The step that restarts a stack: new pods from the same templates, awaited.

Responsible for controllers alone: a job that has ended is not run again.
"""

from __future__ import annotations

from datetime import UTC, datetime

from devenv.adapters.kubernetes.cluster import of_stack
from devenv.adapters.kubernetes.watch import CONTROLLERS
from devenv.plan.steps import RestartWorkloads
from devenv.runtime.diagnosis import Scope
from devenv.runtime.step_context import StepContext
from devenv.runtime.steps.readiness import await_workloads


def restart_workloads(step: RestartWorkloads, context: StepContext) -> str:
    """Restart what there is of a stack, and wait until all of it is rolled out; what was restarted, in words."""
    cluster = context.environment.cluster
    releases = cluster.releases()
    workloads = [w for w in of_stack(step.stack, releases, cluster.workloads()) if w.kind in CONTROLLERS]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for workload in workloads:
        cluster.restart(workload.kind, workload.namespace, workload.name, now)
    scope = Scope.of_stack(step.stack, step.namespace, releases)
    kubectl = context.run.toolbox.kubectl
    await_workloads(cluster, scope, step.deadline, kubectl=kubectl, cancel=context.cancel, progress=context.progress)
    return ", ".join(f"{w.kind.lower()} {w.name}" for w in workloads) or "it has no workloads"
