"""Where files go that `devenv dev` syncs: the running containers of images that it knows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.errors import ImageError
from devenv.runtime.diagnosis.scope import Scope, members
from devenv.spec.image_reference import normalise


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
    images = {container["name"]: _full(container.get("image", "")) for container in pod["spec"]["containers"]}
    metadata = pod["metadata"]
    for status in pod.get("status", {}).get("containerStatuses") or ():
        id_ = str(status.get("containerID") or "").rpartition("://")[2]
        if id_ and "running" in (status.get("state") or {}) and status["name"] in images:
            yield SyncPlace(
                id=id_,
                node=str(pod["spec"].get("nodeName", "")),
                stack=stack,
                namespace=metadata["namespace"],
                pod=metadata["name"],
                uid=metadata["uid"],
                reference=images[status["name"]],
            )


def _full(image: str) -> str:
    try:
        return normalise(image)
    except ImageError:
        return image  # an image's ID, which has no name
