"""Where files go that `devenv dev` syncs: the running containers of images that it knows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.runtime.diagnosis.scope import Scope, members
from devenv.runtime.observe.staleness import running_statuses


@dataclass(frozen=True, slots=True)
class SyncPlace:
    """A running container."""

    id: str
    """As the node's containerd knows it."""
    node: str
    stack: str
    namespace: str
    pod: str
    uid: str
    """Of the pod."""
    reference: str
    """Of its image, in full form."""


def sync_places(snapshot: ObjectsByKind, scopes: Iterable[Scope], references: Collection[str]) -> list[SyncPlace]:
    """The running containers of stacks that are of one of these images, given in full form."""
    return [
        place
        for scope in scopes
        for pod in members(snapshot, scope)["Pod"]
        for place in _running(pod, scope.stack)
        if place.reference in references
    ]


def _running(pod: Json, stack: str) -> Iterable[SyncPlace]:
    for status, reference in running_statuses(pod):
        if id_ := str(status.get("containerID") or "").rpartition("://")[2]:
            metadata, node = pod["metadata"], str(pod["spec"].get("nodeName", ""))
            yield SyncPlace(id_, node, stack, metadata["namespace"], metadata["name"], metadata["uid"], reference)
