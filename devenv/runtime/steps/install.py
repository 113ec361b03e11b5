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

from devenv.adapters.charts.helm import ChartRelease, Helm
from devenv.adapters.kubernetes.cluster import Cluster, Release
from devenv.adapters.kubernetes.json_objects import ObjectsByKind
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.adapters.kubernetes.managed_fields import HELM_MANAGER
from devenv.adapters.process import OnLine
from devenv.errors import CommandFailedError, DevenvError, InterruptedRunError, WorkloadError
from devenv.labels import LABEL_STACK
from devenv.runtime.diagnosis import (
    GATHER,
    QUICK_GATHER,
    Diagnosis,
    GracePeriods,
    Observer,
    Scope,
    diagnose_now,
    not_ready,
    watch_stack,
    wording,
)
from devenv.runtime.observe.refusals import find_blockers
from devenv.runtime.steps.readiness import replace_stuck_pods
from devenv.runtime.steps.replacements import replace_unplanned
from devenv.runtime.steps.rollout import Rollout, generations
from devenv.runtime.steps.webhooks import until_webhooks_answer

_HELM_SLACK = timedelta(seconds=30)
"""Helm's own deadline comes after ours: at ours the cause is reported, while the pods are still there."""
_WAY_BACK = timedelta(seconds=60)
"""For what has to be deleted so that the former revision can come back: its pods may take their time to end."""
_FREE_SECONDS = 5.0
"""The controller of StatefulSets notices a rollback within this time."""
_REJECTED = re.compile(
    r"denied the request|is forbidden|is invalid|exceeded quota|no matches for kind|failed calling webhook"
    r"|strict decoding error|conflict"
)
_FAILED_HOOK = re.compile(r"resource (?:Job|Pod)/(?P<namespace>[^/\s]+)/(?P<name>\S+) not ready")
"""What Helm 4 says of a hook that has failed; nothing in the object itself says whose hook it is."""


@dataclass(frozen=True, slots=True)
class ChartInstallation:
    """A release as it is wanted."""

    release: ChartRelease
    deadline: timedelta
    labels: Mapping[str, str]
    """Kept on the release: its stack and content."""
    grace: GracePeriods = field(default_factory=GracePeriods)
    waits: bool = True
    """Whether Helm waits for the workloads too, in its own way; devenv does in any case."""


def install(
    helm: Helm,
    cluster: Cluster,
    wanted: ChartInstallation,
    *,
    kubectl: Kubectl,
    cancel: threading.Event,
    on_line: OnLine,
    progress: OnLine,
    on_change: Callable[[ObjectsByKind], None] | None = None,
) -> None:
    """Install or upgrade a release and wait until it is ready; what fails is rolled back.

    `kubectl` is what hints are calls of; `on_change` is called with each state of the cluster that is seen meanwhile.

    Raises:
        WorkloadError: a workload cannot become ready, or the cluster refuses an object.
        NotReadyError: the deadline passed without a cause that is final.
        CommandFailedError: Helm failed for a reason of its own, such as a template.
        InterruptedRunError: `cancel` was set; what is left pending is cleared by the next installation.
    """
    cluster.ensure_namespace(wanted.release.namespace)
    former = clear_pending(cluster, wanted.release.name, wanted.release.namespace, progress)
    attempt = _Attempt(helm, cluster, wanted, cancel, progress, kubectl=kubectl, on_change=on_change)
    error = attempt.run(on_line)
    if error is None:
        return
    left = attempt.settle(former.deployed if former else 0)
    if left:
        error.context["rollback"] = left
    raise error


def clear_pending(cluster: Cluster, release: str, namespace: str, progress: OnLine) -> Release | None:
    """Remove the records of revisions that a killed run left half done: Helm would refuse to go on.

    Returns the release as it is then.
    """
    while (found := cluster.release(namespace, release)) and found.pending:
        cluster.forget_pending(found)
        progress(f"cleared revision {found.revision} of {release}, left {found.status} by an interrupted run")
    return found


class _Attempt:
    """One installation: Helm at work in a thread of its own, and the stack watched meanwhile."""

    def __init__(
        self,
        helm: Helm,
        cluster: Cluster,
        wanted: ChartInstallation,
        cancel: threading.Event,
        progress: OnLine,
        *,
        kubectl: Kubectl,
        on_change: Callable[[ObjectsByKind], None] | None,
    ) -> None:
        self._helm, self._cluster, self._wanted = helm, cluster, wanted
        self._cancel, self._progress, self._on_change = cancel, progress, on_change
        stack = wanted.labels.get(LABEL_STACK, "")
        self._scope = Scope(stack, wanted.release.namespace, frozenset({wanted.release.name}))
        self._kubectl = kubectl
        since = datetime.now(UTC)
        self._observer = Observer(cluster, self._scope, kubectl=kubectl, grace=wanted.grace, since=since)
        self._rollout = Rollout(self._scope)
        self._end = time.monotonic() + wanted.deadline.total_seconds()
        self._deployed = False
        """Helm was content."""

    def run(self, on_line: OnLine) -> DevenvError | None:
        """The error that explains best why the release is not there; None when it is."""
        end_helm = threading.Event()
        with ThreadPoolExecutor(1, thread_name_prefix=f"helm {self._wanted.release.name}") as pool:
            done = pool.submit(self._upgrade, end_helm, on_line)
            try:
                informer = self._cluster.informer(self._cancel.is_set)
                done.add_done_callback(lambda _: informer.wake())
                found = self._watch(done.done)
                late = not found and not done.done()
            finally:
                end_helm.set()
        failure = done.exception()
        self._deployed = failure is None
        if self._deployed and not found:
            if not self._wanted.waits:
                self._expect_what_was_applied()
            # Helm takes a pod that runs for a moment for one that is ready.
            found = self._watch(self._is_ready)
            late = not found and not self._is_ready()
            if not found and not late:
                return None
        if self._cancel.is_set():
            raise InterruptedRunError(f"stopped while installing chart {self._wanted.release.name}") from failure
        if failure is not None and not isinstance(failure, DevenvError):
            raise failure
        return self._explain(failure, found, late=late)

    def _upgrade(self, end: threading.Event, on_line: OnLine) -> None:
        wanted = self._wanted

        def upgrade() -> None:
            self._helm.upgrade(
                wanted.release,
                deadline=wanted.deadline + _HELM_SLACK,
                labels=wanted.labels,
                wait=wanted.waits,
                cancel=end,
                on_line=on_line,
            )

        until_webhooks_answer(upgrade, cancel=end, progress=self._progress)

    def _watch(self, over: Callable[[], bool]) -> Diagnosis | None:
        """Watch until it is over, the user stops the run, or the deadline has passed."""
        found = watch_stack(
            self._cluster,
            self._scope,
            over=lambda: over() or self._cancel.is_set() or time.monotonic() > self._end,
            emit_progress=self._progress,
            observer=self._observer,
            on_change=self._note,
            gather=GATHER if self._wanted.waits else QUICK_GATHER,
        )
        if found:
            self._progress(f"cannot become ready: {found.summary}")
        return found

    def _note(self, snapshot: ObjectsByKind) -> None:
        replace_stuck_pods(self._cluster, self._scope, snapshot, self._progress)
        if self._on_change:
            self._on_change(snapshot)
        self._rollout.unfinished(snapshot)  # from now on it knows since when containers run

    def _is_ready(self) -> bool:
        return not self._rollout.unfinished(self._cluster.informer().snapshot())

    def _expect_what_was_applied(self) -> None:
        """The live copy may be some milliseconds behind what Helm has just applied."""
        release, namespace = self._wanted.release.name, self._wanted.release.namespace
        mine = (w for w in self._cluster.workloads() if (w.release, w.namespace) == (release, namespace))
        self._rollout.expect(generations(mine))

    def _explain(self, failure: DevenvError | None, found: Diagnosis | None, *, late: bool) -> DevenvError:
        what = f"chart {self._wanted.release.name}"
        diagnosis = found or self._observer.probable or self._of_hook(failure)
        if late:
            return not_ready(what, diagnosis, self._wanted.deadline.total_seconds())
        if diagnosis:
            return diagnosis.error(what)
        if isinstance(failure, CommandFailedError):
            return _reported_by_helm(failure, what)
        return failure or not_ready(what, None, self._wanted.deadline.total_seconds())

    def _of_hook(self, failure: DevenvError | None) -> Diagnosis | None:
        """Why a hook failed that is not named after its release, and so was not watched."""
        hook = _FAILED_HOOK.search(failure.output) if isinstance(failure, CommandFailedError) else None
        if hook is None:
            return None
        scope = Scope(self._scope.stack, hook["namespace"], frozenset({hook["name"]}))
        return diagnose_now(self._cluster, scope, self._kubectl)

    def settle(self, former: int) -> str:
        """Bring back revision `former` (0: nothing); what could not be done, in words.

        Helm does so itself, but waits for the former revision to become ready, or for the pods to be gone, as
        long as an installation may take, and so is stopped in it. Here nothing is waited for.
        """
        release, namespace = self._wanted.release.name, self._wanted.release.namespace
        try:
            found = self._cluster.release(namespace, release)
            if found is None or (found.status == "deployed" and not self._deployed):
                return ""
            if found.pending:
                self._cluster.forget_pending(found)
            if former:
                self._prepare_rollback(former)
                self._helm.rollback(release, former, namespace)
                self._free_stateful_sets()
            else:
                self._helm.uninstall(release, namespace, wait=False)
        except DevenvError as error:
            return f"not complete: {error.message}"
        return ""

    def _prepare_rollback(self, former: int) -> None:
        """Replace what was created anew and cannot be changed back."""
        wanted = self._wanted
        text = self._helm.manifest(wanted.release.name, former, wanted.release.namespace)
        found = find_blockers(self._cluster, text, wanted.release.namespace, HELM_MANAGER)
        replace_unplanned(self._cluster, found, deadline=_WAY_BACK, cancel=threading.Event(), progress=self._progress)

    def _free_stateful_sets(self) -> None:
        """Remove the broken pods that a StatefulSet would wait for, within a few seconds."""
        informer, end = self._cluster.informer(), time.monotonic() + _FREE_SECONDS
        sets = [item for item in informer.snapshot()["StatefulSet"] if self._scope.owns(item)]
        while sets and time.monotonic() < end:
            revision, snapshot = informer.revision, informer.snapshot()
            if replace_stuck_pods(self._cluster, self._scope, snapshot, self._progress):
                return
            informer.wait(revision, end - time.monotonic())


def _reported_by_helm(failure: CommandFailedError, what: str) -> DevenvError:
    """Helm's failure; an object that the cluster refuses is a cause like others."""
    lines = [line for line in failure.output.splitlines() if _REJECTED.search(line)]
    if not lines:
        return failure
    reason = wording.plain(lines[-1].removeprefix("Error: "))
    return WorkloadError(
        f"{what}: the cluster refuses an object: {reason}",
        context={"cause": "rejected", "object": what, "reason": reason, "last lines": failure.output},
        hint="correct the chart or its values, then: devenv up",
    )
