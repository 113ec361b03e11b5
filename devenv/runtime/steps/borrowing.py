"""Workloads that are changed for a while, and given back as they were, now or after whoever had them was killed."""

from __future__ import annotations

import json

from devenv.adapters.kubernetes.discovery import object_path
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.managed_fields import mark
from devenv.adapters.kubernetes.objects import object_key
from devenv.adapters.kubernetes.watch import PATHS
from devenv.adapters.process import is_over, this_process
from devenv.plan.steps import BorrowWorkload
from devenv.runtime.borrowing.record import BorrowRecord
from devenv.runtime.diagnosis import Scope
from devenv.runtime.step_context import StepContext
from devenv.runtime.steps.readiness import await_workloads


def borrow_workload(step: BorrowWorkload, context: StepContext) -> str:
    """Change a workload, and wait until its pod is a new one that is ready."""
    cluster = context.environment.cluster
    manifest: Json = json.loads(step.manifest)
    cluster.objects.apply(object_path(PATHS[step.kind], object_key(manifest["metadata"])), manifest, step.manager)
    scope = Scope.of_stack(step.stack, step.namespace, cluster.releases())
    kubectl = context.run.toolbox.kubectl
    await_workloads(cluster, scope, step.deadline, kubectl=kubectl, cancel=context.cancel, progress=context.progress)
    return f"{step.kind.lower()} {step.name}"


def give_back(stack: str, context: StepContext) -> None:
    """Bring back what of a stack this process has changed for a while, and what those have left that were killed."""
    cluster = context.environment.cluster
    for kind, workload in cluster.borrowed_workloads(stack):
        record = BorrowRecord.of(workload)
        if record is None or not (record.process == this_process() or is_over(record.process)):
            continue
        context.progress(f"giving back {kind.lower()} {workload['metadata']['name']}")
        key = object_key(workload["metadata"])
        now = cluster.objects.apply(object_path(PATHS[kind], key), record.former, record.manager)
        # What was applied is what it was: `devenv up --verify` is to see no change of somebody else's in it.
        if known := (cluster.state() or {}).get(stack):
            cluster.record(stack, known.remarked(PATHS[kind], key, record.mark, mark(now)))
