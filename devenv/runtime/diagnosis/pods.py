"""What keeps a pod from running: images, configuration, mounts, crashes, memory, scheduling. Pure.

Reasons and messages are those of the kubelet and the scheduler of Kubernetes 1.36.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import condition, is_true
from devenv.runtime.diagnosis import wording
from devenv.runtime.diagnosis.findings import NEVER, Cause, Finding, GracePeriods, LogSource

_IMAGE_HOPELESS = ("InvalidImageName", "ErrImageNeverPull")
_IMAGE = ("ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable", *_IMAGE_HOPELESS)
_CONTAINER = ("CreateContainerError", "RunContainerError", "PreStartHookError", "PostStartHookError")
_NOT_STARTED = ("StartError", "ContainerCannotRun")
_MOUNT_EVENTS = ("FailedMount", "FailedAttachVolume", "FailedMapVolume")
# The API server lets a node read what its pods need. It learns of pods by watching, as the kubelet does of Secrets.
# https://kubernetes.io/docs/reference/access-authn-authz/node/
_UNSYNCED = re.compile(
    r'forbidden: User "system:node:|object \S+ not registered|failed to sync (configmap|secret) cache'
)
_SANDBOX = "FailedCreatePodSandBox"
_PROGRESS = ("Pulling", "Pulled", "Created", "Started")
_SIGNAL_STATUS = 128


@dataclass(frozen=True, slots=True)
class PodView:
    """A pod with what is needed to judge it."""

    pod: Json
    events: Sequence[Json]
    """Its events, oldest first."""
    grace: GracePeriods
    beside_others: bool = False
    """Whether other pods of the same stack still start."""

    def finding(
        self,
        code: str,
        message: str,
        grace: float,
        container: str = "",
        log: LogSource | None = None,
    ) -> Finding:
        """A finding about the pod, or one of its containers."""
        uid = self.pod["metadata"]["uid"]
        cause = Cause(code, wording.subject("pod", self.pod, container), message)
        return Finding(cause, grace, f"{uid}/{container}/{code}", frozenset({uid}), log)


def pod_findings(view: PodView) -> Iterator[Finding]:
    """Everything that is wrong with a pod."""
    phase = view.pod.get("status", {}).get("phase")
    if phase == "Succeeded":
        return
    if view.pod.get("status", {}).get("reason") == "Evicted":
        message = f"it was evicted: {view.pod['status'].get('message', '')}"
        yield view.finding("evicted", message, view.grace.container)
    yield from _scheduling(view)
    found = [f for spec, status in _containers(view.pod) for f in _container(view, spec, status)]
    yield from found
    if not found:
        yield from _setup(view)
        yield from _not_ready(view)


def waiting_for(pod: Json) -> str:
    """What a pod is busy with, in a word or two; empty when it is ready or done."""
    if pod.get("status", {}).get("phase") == "Succeeded" or is_true(pod, "Ready"):
        return ""
    for _, status in _containers(pod):
        waiting = status.get("state", {}).get("waiting")
        if waiting and waiting.get("reason") not in (None, "PodInitializing"):
            return str(waiting["reason"])
    return "starting" if pod.get("status", {}).get("containerStatuses") else "to be scheduled"


def _containers(pod: Json) -> Iterator[tuple[Json, Json]]:
    """Each container's specification and status, init containers first."""
    for specs, statuses in (
        ("initContainers", "initContainerStatuses"),
        ("containers", "containerStatuses"),
    ):
        by_name = {spec["name"]: spec for spec in pod["spec"].get(specs) or ()}
        for status in pod.get("status", {}).get(statuses) or ():
            yield by_name.get(status["name"], {}), status


def _container(view: PodView, spec: Json, status: Json) -> Iterator[Finding]:
    waiting = status.get("state", {}).get("waiting") or {}
    reason, text = waiting.get("reason", ""), wording.plain(waiting.get("message", ""))
    name, grace = status["name"], view.grace
    if reason in _IMAGE:
        tried = _attempts(view.events) > 1 or reason in _IMAGE_HOPELESS
        message = f"image {status.get('image') or spec.get('image', '')} cannot be had: {text}"
        yield view.finding("image-pull", message, 0.0 if tried else grace.image, name)
    elif reason == "CreateContainerConfigError":
        yield view.finding("config", f"its configuration is incomplete: {text}", grace.config, name)
    elif reason in _CONTAINER:
        yield view.finding("container-failed", f"it cannot be started: {text}", grace.container, name)
    else:
        yield from _ended(view, spec, status)


def _attempts(events: Sequence[Json]) -> int:
    """How often pulling an image has failed."""
    failed = [e for e in events if e.get("reason") == "Failed" and "pull image" in e.get("message", "")]
    return sum(int(e.get("count") or 1) for e in failed)


def _ended(view: PodView, spec: Json, status: Json) -> Iterator[Finding]:
    """A container that has ended with a failure: now, or before it was started again."""
    state, last = status.get("state", {}), status.get("lastState", {}).get("terminated")
    end = state.get("terminated") or last
    if not end or end.get("exitCode", 0) == 0 or status.get("ready"):
        return
    if "running" in state and is_true(view.pod, "Ready"):
        return
    name, restarts = status["name"], int(status.get("restartCount", 0))
    log = _log(view.pod, name, running="running" in state)
    if end.get("reason") in _NOT_STARTED:
        message = f"it cannot be started: {wording.plain(end.get('message', ''))}"
        yield view.finding("container-failed", message, view.grace.container, name)
    elif message := _out_of_memory(view, spec, end):
        grace = view.grace.memory if restarts else NEVER
        yield view.finding("out-of-memory", message, grace, name, log)
    else:
        message = _crash(view, end, restarts)
        yield view.finding("crash-loop", message, _crash_grace(view, status), name, log)


def _out_of_memory(view: PodView, spec: Json, end: Json) -> str:
    """What is to be said of a container that the kernel has killed for its use of memory; empty for others."""
    limit = spec.get("resources", {}).get("limits", {}).get("memory")
    if end.get("reason") == "OOMKilled":
        bound = f"its limit of {limit} of memory" if limit else "the memory that there is"
        return f"it was killed for using more than {bound}"
    # With cgroup v1 the word of the kernel may reach the runtime after the end, which is then an error like others.
    if limit and end.get("exitCode") == _SIGNAL_STATUS + signal.SIGKILL and not _failed_probes(view):
        return f"it was ended by SIGKILL, as the kernel does above its limit of {limit} of memory"
    return ""


def _failed_probes(view: PodView) -> list[Json]:
    """Events of probes for whose failure the kubelet stops a container; startup probes last."""
    return [e for kind in ("Liveness", "Startup") for e in view.events if f"{kind} probe" in e.get("message", "")]


def _crash_grace(view: PodView, status: Json) -> float:
    restarts = int(status.get("restartCount", 0))
    state = status.get("state", {})
    # While it backs off, the kubelet leaves the state of the last end for some seconds before it says so.
    backing_off = state.get("waiting", {}).get("reason") == "CrashLoopBackOff" or "terminated" in state
    if restarts == 0:
        return NEVER  # once is no loop; a Job tells itself when it gives up
    if view.beside_others:
        return view.grace.crash_beside_others
    if restarts > 1:
        return 0.0
    return view.grace.crash if backing_off else NEVER


def _crash(view: PodView, end: Json, restarts: int) -> str:
    code = int(end["exitCode"])
    how = f"ends with status {code}"
    if code > _SIGNAL_STATUS and code - _SIGNAL_STATUS in [s.value for s in signal.Signals]:
        how = f"is ended by {signal.Signals(code - _SIGNAL_STATUS).name}"
    again = f", and was started again {restarts} time{'s' if restarts > 1 else ''}" if restarts else ""
    if probes := _failed_probes(view):
        return f"it is stopped because of its probe: {wording.plain(probes[-1]['message'])}"
    return f"it {how}{again}"


def _log(pod: Json, container: str, *, running: bool) -> LogSource:
    return LogSource(pod["metadata"]["namespace"], pod["metadata"]["name"], container, previous=running)


def _scheduling(view: PodView) -> Iterator[Finding]:
    state: Any = condition(view.pod, "PodScheduled")
    if state.get("status") == "False" and state.get("reason") == "Unschedulable":
        message = f"no node takes it: {wording.plain(state.get('message', ''))}"
        grace = view.grace.schedule_tainted if "untolerated taint" in message else view.grace.schedule
        found = view.finding("unschedulable", message, grace)
        # How long it waited for a node to be ready counts for nothing once it is: the scheduler has to look again.
        yield replace(found, identity=f"{found.identity}/{found.grace:g}")


def _setup(view: PodView) -> Iterator[Finding]:
    """Trouble before the first container: volumes and the sandbox, known from events alone."""
    begun = [s for _, s in _containers(view.pod) if "running" in s.get("state", {}) or s.get("lastState")]
    if begun or view.pod.get("status", {}).get("phase") != "Pending":
        return
    # What came after a failure shows that it is overcome: an image is pulled when the volumes are there.
    relevant = [e for e in view.events if e.get("reason") in (*_MOUNT_EVENTS, _SANDBOX, *_PROGRESS)]
    last = relevant[-1] if relevant else {}
    if last.get("reason") in _MOUNT_EVENTS:
        why = last.get("message", "")
        grace = view.grace.mount_unsynced if _UNSYNCED.search(why) else view.grace.mount
        yield view.finding("mount-failed", f"a volume cannot be mounted: {wording.mount(why)}", grace)
    elif last.get("reason") == _SANDBOX:
        message = f"its sandbox cannot be made: {wording.plain(last.get('message', ''))}"
        yield view.finding("sandbox-failed", message, view.grace.sandbox)


def _not_ready(view: PodView) -> Iterator[Finding]:
    """It runs and is not ready: nothing to give up for, but worth telling when the time is up."""
    if not waiting_for(view.pod):
        return
    probes = [e for e in view.events if "Readiness probe" in e.get("message", "")]
    for _, status in _containers(view.pod):
        if "running" in status.get("state", {}) and not status.get("ready"):
            why = wording.plain(probes[-1]["message"]) if probes else "it runs, and is not ready yet"
            log = _log(view.pod, status["name"], running=False)
            yield view.finding("not-ready", why, NEVER, status["name"], log)
