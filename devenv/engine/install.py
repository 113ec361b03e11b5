"""Installing a chart, watched: a root cause ends Helm's wait, and what is left of a failure is cleared away.

Responsible for the interplay of Helm and the diagnosis. Beyond that it knows nothing about stacks.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from devenv.adapters.helm import Helm
from devenv.adapters.kubernetes import Cluster
from devenv.adapters.kubernetes_objects import STACK_LABEL
from devenv.engine.diagnosis import Diagnosis, Observer, Patience, Scope, not_ready, watch_stack
from devenv.engine.readiness import replace_stuck_pods
from devenv.errors import CommandFailedError, DevenvError, InterruptedRunError, WorkloadError

_HELM_SLACK = timedelta(seconds=30)
"""Helm's own deadline comes after ours: at ours the cause is told, while the pods are still there."""
_FREE_SECONDS = 5.0
"""The controller of StatefulSets notices a rollback within this time."""
_REJECTED = re.compile(
    r"denied the request|is forbidden|is invalid|exceeded quota|no matches for kind|failed calling webhook"
    r"|strict decoding error|conflict"
)


@dataclass(frozen=True, slots=True)
class ChartInstallation:
    """A release as it is wanted."""

    release: str
    namespace: str
    chart: str
    values: str
    """JSON."""
    deadline: timedelta
    labels: Mapping[str, str]
    """Kept on the release: its stack and content."""
    repository: str | None = None
    version: str | None = None
    patience: Patience = field(default_factory=Patience)


def install(
    helm: Helm,
    cluster: Cluster,
    wanted: ChartInstallation,
    *,
    cancel: threading.Event,
    on_line: Callable[[str], None],
    progress: Callable[[str], None],
) -> None:
    """Install or upgrade a release and wait until it is ready; what fails is rolled back.

    Raises:
        WorkloadError: a workload cannot become ready, or the cluster refuses an object.
        NotReadyError: the deadline passed without a cause that can be seen.
        CommandFailedError: Helm failed for a reason of its own, such as a template.
        InterruptedRunError: `cancel` was set; what is left pending is cleared by the next installation.
    """
    clear_pending(cluster, wanted.release, wanted.namespace, progress)
    scope = Scope(wanted.labels.get(STACK_LABEL, ""), wanted.namespace, frozenset({wanted.release}))
    observer = Observer(cluster, scope, patience=wanted.patience, since=datetime.now(UTC))
    end_helm, end = threading.Event(), time.monotonic() + wanted.deadline.total_seconds()
    with ThreadPoolExecutor(1, thread_name_prefix=f"helm {wanted.release}") as pool:
        done = pool.submit(_upgrade, helm, wanted, end_helm, on_line)
        try:
            found = watch_stack(
                cluster,
                scope,
                over=lambda: done.done() or cancel.is_set() or time.monotonic() > end,
                emit_progress=progress,
                observer=observer,
                on_change=lambda snapshot: replace_stuck_pods(cluster, scope, snapshot, progress),
            )
            if found:
                progress(f"rolling back, because of {found.summary}")
        finally:
            late = not done.done()
            end_helm.set()
    failure = done.exception()
    if failure is None:
        return  # also when success came just before Helm was to be stopped
    if cancel.is_set():
        raise InterruptedRunError(f"stopped while installing chart {wanted.release}") from failure
    if not isinstance(failure, DevenvError):
        raise failure
    error = _explained(failure, found or observer.probable, wanted, final=found is not None, late=late)
    if left := _settle(helm, cluster, wanted, scope, progress):
        error.context["rollback"] = left
    raise error from failure


def clear_pending(cluster: Cluster, release: str, namespace: str, progress: Callable[[str], None]) -> None:
    """Remove the records of revisions that a killed run left half done: Helm would refuse to go on."""
    while (found := cluster.release(namespace, release)) and found.pending:
        cluster.forget_pending(found)
        progress(f"cleared revision {found.revision} of {release}, left {found.status} by an interrupted run")


def _upgrade(
    helm: Helm, wanted: ChartInstallation, end: threading.Event, on_line: Callable[[str], None]
) -> None:
    helm.upgrade(
        wanted.release,
        wanted.chart,
        wanted.namespace,
        wanted.values,
        deadline=wanted.deadline + _HELM_SLACK,
        labels=wanted.labels,
        version=wanted.version,
        repository=wanted.repository,
        cancel=end,
        on_line=on_line,
    )


def _explained(
    failure: DevenvError, diagnosis: Diagnosis | None, wanted: ChartInstallation, *, final: bool, late: bool
) -> DevenvError:
    """The error that explains best why Helm did not succeed."""
    what = f"chart {wanted.release}"
    if diagnosis and (final or not late):
        return diagnosis.error(what)
    if late:
        return not_ready(what, diagnosis, wanted.deadline.total_seconds())
    return _told_by_helm(failure, what) if isinstance(failure, CommandFailedError) else failure


def _told_by_helm(failure: CommandFailedError, what: str) -> DevenvError:
    """Helm's failure; an object that the cluster refuses is a cause like others."""
    lines = [line for line in failure.output.splitlines() if _REJECTED.search(line)]
    if not lines:
        return failure
    reason = lines[-1].removeprefix("Error: ")
    return WorkloadError(
        f"{what}: the cluster refuses an object: {reason}",
        context={"cause": "rejected", "object": what, "reason": reason, "last lines": failure.output},
        hint="correct the chart or its values, then: devenv up",
    )


def _settle(
    helm: Helm,
    cluster: Cluster,
    wanted: ChartInstallation,
    scope: Scope,
    progress: Callable[[str], None],
) -> str:
    """Finish the rollback that Helm was stopped in; what could not be done, in words.

    Helm itself waits for the former revision to become ready, or for the pods to be gone, for as long as an
    installation may take. Here nothing is waited for.
    """
    try:
        found = cluster.release(wanted.namespace, wanted.release)
        if found is None or found.status == "deployed":
            return ""
        if found.deployed:
            if found.pending:
                cluster.forget_pending(found)
            helm.rollback(wanted.release, found.deployed, wanted.namespace)
            _free_stateful_sets(cluster, scope, progress)
        else:
            helm.uninstall(wanted.release, wanted.namespace, wait=False)
    except DevenvError as error:
        return f"not complete: {error.message}"
    return ""


def _free_stateful_sets(cluster: Cluster, scope: Scope, progress: Callable[[str], None]) -> None:
    """After a rollback, remove the broken pods that a StatefulSet would wait for, within a few seconds."""
    mirror, end = cluster.mirror(), time.monotonic() + _FREE_SECONDS
    sets = [item for item in mirror.snapshot()["StatefulSet"] if scope.owns(item)]
    while sets and time.monotonic() < end:
        revision, snapshot = mirror.revision, mirror.snapshot()
        if replace_stuck_pods(cluster, scope, snapshot, progress):
            return
        mirror.wait(revision, end - time.monotonic())
