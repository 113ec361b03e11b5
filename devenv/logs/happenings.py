"""What becomes of pods between the lines of their logs: restarts, warnings of Kubernetes, pods that come and go. Pure.

Each is an entry without a container.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.adapters.kubernetes.objects import container_statuses, object_key
from devenv.logs.entries import LogEntry, entry_of
from devenv.logs.lines import stamp_in_utc


def happenings(before: ObjectsByKind, now: ObjectsByKind, takes: Callable[[Json], bool]) -> Iterator[LogEntry]:
    """What became of the pods that `takes` takes, between two looks; its time is that of the second."""
    stamp = stamp_in_utc(datetime.now(UTC).isoformat())
    were, are = _pods(before, takes), _pods(now, takes)
    for name, pod in are.items():
        if name not in were:
            yield entry_of(pod, stamp, "info", "the pod is new")
        for message in _restarts(were.get(name, {}), pod):
            yield entry_of(pod, stamp, "warning", message)
    either = {**were, **are}
    for event in _news(before, now):
        about = event["involvedObject"]
        if about.get("kind") == "Pod" and (name := object_key(about)) in either:
            yield entry_of(either[name], stamp, "warning", f"{event.get('reason')}: {event.get('message')}")
    for name, pod in were.items():
        if name not in are:
            yield entry_of(pod, stamp, "info", "the pod is gone")


def _pods(objects: ObjectsByKind, takes: Callable[[Json], bool]) -> dict[str, Json]:
    return {object_key(pod["metadata"]): pod for pod in objects["Pod"] if takes(pod)}


def _restarts(before: Json, now: Json) -> Iterator[str]:
    counts = {status["name"]: status.get("restartCount", 0) for status in container_statuses(before)}
    for status in container_statuses(now):
        count = status.get("restartCount", 0)
        if count > counts.get(status["name"], 0):
            ended = (status.get("lastState") or {}).get("terminated") or {}
            reason = f"{ended['reason']}, exit status {ended['exitCode']}" if ended.get("reason") else "it had ended"
            yield f"container {status['name']} was started again ({reason}), {count} times by now"


def _news(before: ObjectsByKind, now: ObjectsByKind) -> Iterator[Json]:
    """Warnings that are new, or have come once more."""
    known = {event["metadata"]["uid"]: event["metadata"]["resourceVersion"] for event in before["Event"]}
    for event in now["Event"]:
        meta = event["metadata"]
        if event.get("type") == "Warning" and known.get(meta["uid"]) != meta["resourceVersion"]:
            yield event
