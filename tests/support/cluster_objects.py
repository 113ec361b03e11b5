"""Objects as an API server sends them, as small as the rules under test allow."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]

RELEASE = "shop"
NAMESPACE = "shop-space"
MADE = "2026-05-01T10:00:00Z"
KINDS = (
    "Pod",
    "Event",
    "PersistentVolumeClaim",
    "Node",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
)
_numbers = itertools.count(1)


def metadata(name: str, *, owner: Json | None = None, **more: Any) -> Json:
    """An object's metadata; `owner` is the object that made it."""
    made: Json = {
        "name": name,
        "namespace": NAMESPACE,
        "uid": f"uid-{next(_numbers)}",
        "creationTimestamp": MADE,
        **more,
    }
    if owner:
        made["ownerReferences"] = [{"uid": owner["metadata"]["uid"], "kind": owner.get("kind", "ReplicaSet")}]
    return made


def of_release(name: str, *, release: str = RELEASE, **more: Any) -> Json:
    """Metadata of what Helm installed."""
    return metadata(name, annotations={"meta.helm.sh/release-name": release}, **more)


def container(name: str = "main", **state: Any) -> Json:
    """A container's status."""
    return {"name": name, "image": "registry.test/app:1", "restartCount": 0, "ready": False, **state}


def waiting(reason: str, message: str = "") -> Json:
    """The state of a container that waits."""
    return {"waiting": {"reason": reason, "message": message}}


def terminated(code: int, reason: str = "Error") -> Json:
    """The state of a container that has ended."""
    return {"terminated": {"exitCode": code, "reason": reason}}


def pod(
    name: str = "app-1",
    *containers: Json,
    phase: str = "Pending",
    conditions: Mapping[str, str] | None = None,
    meta: Json | None = None,
    limits: Json | None = None,
    **status: Any,
) -> Json:
    """A pod of the release; `conditions` is type to status."""
    specs = [{"name": c["name"], "image": c["image"], "resources": {"limits": limits or {}}} for c in containers]
    return {
        "metadata": meta or of_release(name),
        "spec": {"containers": specs or [{"name": "main", "image": "registry.test/app:1"}]},
        "status": {
            "phase": phase,
            "conditions": [{"type": k, "status": v} for k, v in (conditions or {}).items()],
            "containerStatuses": list(containers),
            **status,
        },
    }


def event(about: Json, reason: str, message: str = "", *, at: str = MADE, count: int = 1) -> Json:
    """An event about an object."""
    return {
        "metadata": metadata("event"),
        "involvedObject": {"uid": about["metadata"]["uid"], "name": about["metadata"]["name"]},
        "reason": reason,
        "message": message,
        "count": count,
        "type": "Warning",
        "lastTimestamp": at,
    }


def node(*, ready: bool = True, message: str = "") -> Json:
    """A node."""
    status = "True" if ready else "False"
    return {
        "metadata": metadata("node-1"),
        "status": {"conditions": [{"type": "Ready", "status": status, "message": message}]},
    }


def job(name: str = "migrate", *, meta: Json | None = None, **status: Any) -> Json:
    """A job of the release."""
    return {"kind": "Job", "metadata": meta or of_release(name), "spec": {}, "status": status}


def snapshot(**kinds: Sequence[Json]) -> dict[str, tuple[Json, ...]]:
    """A cluster with these objects, and one node that is ready."""
    return {kind: tuple(kinds.get(kind, ())) for kind in KINDS} | {"Node": tuple(kinds.get("Node", [node()]))}
