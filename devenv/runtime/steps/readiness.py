"""Waiting until a stack's workloads are rolled out, whatever installed them; a root cause ends the wait.

Responsible for plain manifests above all, since Helm awaits what it installs. Whether the stack is usable is
then asked by `checks`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.json_objects import ObjectsByKind
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.errors import InterruptedRunError
from devenv.runtime.diagnosis import GracePeriods, Observer, Scope, not_ready, stuck_pods, watch_stack
from devenv.runtime.steps.rollout import Rollout, generations

_AGE = timedelta(minutes=1)
"""Objects that were made within this time before the wait belong to what is being installed."""
_RESTART_SECONDS = 180.0
"""Kubernetes waits up to 10, 20, 40 … 300 s before it starts a crashed container again."""


def await_workloads(
    cluster: Cluster,
    scope: Scope,
    deadline: timedelta,
    *,
    kubectl: Kubectl,
    cancel: threading.Event,
    progress: Callable[[str], None],
    restarted: bool = False,
    on_change: Callable[[ObjectsByKind], None] | None = None,
) -> None:
    """Wait until every workload of a stack is rolled out; a stack without workloads is at once.

    With `restarted`, the whole cluster was started just now: everything begins at once and crashes until what it
    needs is up, so a crash is given longer. `kubectl` is what hints are calls of; `on_change` is called with each
    state of the cluster that is seen.

    Raises:
        WorkloadError: a workload cannot become ready.
        NotReadyError: the deadline passed without a cause that can be seen.
        InterruptedRunError: `cancel` was set.
    """
    # Containers of releases have proven themselves to `install`.
    rollout = Rollout(scope, wanted=_generations(cluster, scope), proven=Scope(scope.stack, scope.namespace))
    end, problems = time.monotonic() + deadline.total_seconds(), [""]
    informer = cluster.informer(cancel.is_set)

    def ready() -> bool:
        problems[:] = rollout.unfinished(informer.snapshot())
        return not problems

    def note(snapshot: ObjectsByKind) -> None:
        replace_stuck_pods(cluster, scope, snapshot, progress)
        if on_change:
            on_change(snapshot)

    observer = _observer(cluster, scope, kubectl, restarted=restarted)
    found = watch_stack(
        cluster,
        scope,
        over=lambda: cancel.is_set() or ready() or time.monotonic() > end,
        emit_progress=progress,
        observer=observer,
        on_change=note,
    )
    if cancel.is_set():
        raise InterruptedRunError(f"stopped while waiting for {scope.stack}")
    if found:
        raise found.error(f"stack {scope.stack}")
    if problems:
        raise not_ready(f"stack {scope.stack}", observer.probable, deadline.total_seconds(), rest="; ".join(problems))


def _generations(cluster: Cluster, scope: Scope) -> dict[tuple[str, str, str], int]:
    """Of the workloads, as the API server knows them now: the live copy may be some milliseconds behind it."""
    return generations(
        w
        for w in cluster.workloads()
        if w.stack == scope.stack or (w.release in scope.releases and w.namespace == scope.namespace)
    )


def _observer(cluster: Cluster, scope: Scope, kubectl: Kubectl, *, restarted: bool) -> Observer:
    now = datetime.now(UTC)
    if restarted:
        grace = GracePeriods(older=_RESTART_SECONDS, crash_beside_others=_RESTART_SECONDS)
        return Observer(cluster, scope, kubectl=kubectl, grace=grace, since=now)
    return Observer(cluster, scope, kubectl=kubectl, grace=GracePeriods(), since=now - _AGE)


def replace_stuck_pods(
    cluster: Cluster, scope: Scope, snapshot: ObjectsByKind, progress: Callable[[str], None]
) -> bool:
    """Delete broken pods of a StatefulSet's former template; whether there were any."""
    stuck = stuck_pods(snapshot, scope)
    for namespace, name in stuck:
        progress(f"replacing {name}: the template that it was made of has been replaced")
        cluster.delete_pod(namespace, name)
    return bool(stuck)
