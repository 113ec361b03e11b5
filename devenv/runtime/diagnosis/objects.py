"""What keeps workloads, claims, jobs and nodes from doing their part. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import condition, is_true, owner_uids
from devenv.runtime.diagnosis import wording
from devenv.runtime.diagnosis.findings import NEVER, Cause, Finding, GracePeriods, LogSource

_CLAIM_EVENTS = ("ProvisioningFailed", "FailedBinding")
_REPEATED = 2
_JOINING = frozenset(f"node.kubernetes.io/{name}" for name in ("not-ready", "unreachable", "network-unavailable"))
"""Taints that Kubernetes itself puts on nodes and takes off again:
https://kubernetes.io/docs/reference/labels-annotations-taints/."""
_LOST_RACE = "the object has been modified; please apply your changes to the latest version"
"""What the API server tells a controller whose copy of an object is old (`OptimisticLockErrorMsg` of k8s.io/apiserver,
pkg/registry/generic/registry/store.go). Each of them looks again and goes on."""


def claim_findings(claim: Json, events: Sequence[Json], grace: GracePeriods) -> Iterator[Finding]:
    """A volume claim that nothing will bind."""
    if claim.get("status", {}).get("phase") != "Pending":
        return
    failed = [e for e in events if e.get("reason") in _CLAIM_EVENTS]
    if failed:
        message = f"no volume for it: {wording.plain(failed[-1].get('message', ''))}"
        cause = Cause("volume-unbound", wording.subject("persistentvolumeclaim", claim), message)
        yield _finding(claim, cause, grace.claim)


def creator_findings(kind: str, item: Json, events: Sequence[Json], grace: GracePeriods) -> Iterator[Finding]:
    """A controller whose pods the API server refuses: quota, webhook, pod security, service account."""
    if not _lacks_pods(kind, item):
        return
    attempts = [e for e in events if e.get("reason") in ("FailedCreate", "SuccessfulCreate")]
    refused = bool(attempts) and attempts[-1]["reason"] == "FailedCreate"
    failure = condition(item, "ReplicaFailure")
    text = attempts[-1].get("message", "") if refused else ""
    if not text and failure.get("status") == "True":
        text = str(failure.get("message", ""))
    if text:
        message = f"its pods are refused: {wording.plain(text)}"
        cause = Cause("rejected", wording.subject(kind.lower(), item), message)
        yield _finding(item, cause, grace.rejected)


def job_findings(job: Json, pods: Sequence[Json], *, beside_others: bool, grace: GracePeriods) -> Iterator[Finding]:
    """A job that has given up, or fails again and again."""
    failure = condition(job, "Failed")
    failed = int(job.get("status", {}).get("failed", 0))
    log = _last_failed(job, pods)
    if failure.get("status") == "True":
        message = f"it gave up: {failure.get('reason', '')}: {wording.plain(failure.get('message', ''))}"
        yield _finding(job, Cause("job-failed", wording.subject("job", job), message), 0.0, log)
    elif failed and not is_true(job, "Complete") and not job.get("status", {}).get("succeeded"):
        wait = grace.crash_beside_others if beside_others else 0.0
        wait = wait if failed >= _REPEATED else NEVER
        message = f"its pods have failed {failed} time{'s' if failed > 1 else ''}"
        yield _finding(job, Cause("job-failed", wording.subject("job", job), message), wait, log)


def node_findings(nodes: Sequence[Json], grace: GracePeriods) -> Iterator[Finding]:
    """A node that cannot run pods."""
    for node in nodes:
        state = condition(node, "Ready")
        if state.get("status") != "True":
            why = wording.plain(str(state.get("message", ""))) or "it has not reported yet"
            cause = Cause("node-not-ready", wording.subject("node", node), f"it is not ready: {why}")
            yield _finding(node, cause, grace.node)


def are_joining(nodes: Sequence[Json]) -> bool:
    """Whether a node takes no pods yet that will: it is ready some time before the last of its taints is taken off."""
    return any(taint["key"] in _JOINING for node in nodes for taint in node.get("spec", {}).get("taints") or ())


def by_object(events: Sequence[Json]) -> Mapping[str, list[Json]]:
    """Events by the uid of the object that they are about, oldest first; races that somebody lost are no trouble."""
    found: dict[str, list[Json]] = {}
    for event in sorted((e for e in events if _LOST_RACE not in (e.get("message") or "")), key=event_time):
        found.setdefault(event["involvedObject"].get("uid", ""), []).append(event)
    return found


def event_time(event: Json) -> str:
    """When an event was last seen, in a form that sorts."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return next((str(t) for t in times if t), str(event["metadata"].get("creationTimestamp") or ""))


def _lacks_pods(kind: str, item: Json) -> bool:
    spec, status = item["spec"], item.get("status", {})
    if kind == "DaemonSet":
        return int(status.get("currentNumberScheduled", 0)) < int(status.get("desiredNumberScheduled", 0))
    if kind == "Job":
        busy = int(status.get("active", 0)) + int(status.get("succeeded", 0)) + int(status.get("failed", 0))
        return busy == 0 and not spec.get("suspend")
    return int(status.get("replicas", 0)) < int(spec.get("replicas", 1))


def _last_failed(job: Json, pods: Sequence[Json]) -> LogSource | None:
    """The log of the last pod of a job that failed."""
    uid = job["metadata"]["uid"]
    mine = [p for p in pods if uid in owner_uids(p)]
    failed = [p for p in mine if p.get("status", {}).get("phase") == "Failed"] or mine
    if not failed:
        return None
    pod = max(failed, key=lambda p: str(p["metadata"].get("creationTimestamp", "")))
    status = pod.get("status", {})
    statuses = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    wrong = [s for s in statuses if (s.get("state", {}).get("terminated") or {}).get("exitCode")]
    container = (wrong or [{"name": pod["spec"]["containers"][0]["name"]}])[0]["name"]
    return LogSource(pod["metadata"]["namespace"], pod["metadata"]["name"], container, previous=False)


def _finding(item: Json, cause: Cause, grace: float, log: LogSource | None = None) -> Finding:
    uid = item["metadata"]["uid"]
    return Finding(cause, grace, f"{uid}/{cause.code}", frozenset({uid}), log)
