"""Whether containers run what was built: the image that a pod reports against the engine's and the node's.

Responsible for the comparison, and for what makes a pod run something else than the image that was loaded: the tag
`latest`, and a pull policy that asks a registry which there is none of. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.errors import ImageError
from devenv.images.catalogue.catalogue import OWN_REPOSITORY
from devenv.runtime.diagnosis.scope import Scope, members
from devenv.spec.image_reference import Reference, full_reference, normalise

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class RunningContainer:
    """A container that runs, and its image as the kubelet reports it."""

    namespace: str
    pod: str
    container: str
    node: str
    reference: str
    """As the pod names it, in full form."""
    digest: str
    """Of the configuration or the manifest; empty when the kubelet reports none."""

    @property
    def place(self) -> str:
        """`namespace/pod/name/container`."""
        return f"{self.namespace}/pod/{self.pod}/{self.container}"


@dataclass(frozen=True, slots=True)
class ExpectedImage:
    """An image of a stack as the engine has it."""

    name: str
    reference: str
    id: str
    """By which the engine knows it."""
    local: bool
    """Built from the project's own sources."""


class NodeImages(Protocol):
    """Asks nodes about their images."""

    def meant(self, node: str, name: str) -> frozenset[str]:
        """The digests that stand for the image of a name; none when the node does not have it."""

    def parts(self, node: str, digest: str) -> frozenset[str]:
        """The digests of the manifests in an index; none for what is no index."""


def running_containers(snapshot: ObjectsByKind, scope: Scope) -> list[RunningContainer]:
    """The running containers of a stack, without those of pods that are about to end."""
    return running_in(members(snapshot, scope)["Pod"])


def running_in(pods: Iterable[Json]) -> list[RunningContainer]:
    """The running containers of pods, without those of pods that are about to end."""
    return [found for pod in pods if not pod["metadata"].get("deletionTimestamp") for found in _running(pod)]


def stale(
    containers: Iterable[RunningContainer], expected: Sequence[ExpectedImage], nodes: NodeImages
) -> tuple[list[str], int]:
    """Containers that run something else than what was built, in words, and how many run just that.

    An image of the catalogue may have been made again by its recipe since the node got it: same inputs, another
    digest. That is told by neither number; of the project's own images it is an error.
    """
    by_reference = {normalise(image.reference): image for image in expected}
    by_repository = {Reference.parse(i.reference).repository: i for i in expected if i.local}
    wrong, right = [], 0
    for container in containers:
        image = by_reference.get(container.reference)
        if image is None:
            other = by_repository.get(_repository(container.reference))
            if other:
                wrong.append(f"{container.place} runs {container.reference}, and {other.reference} was built")
            continue
        if container.digest == image.id:
            right += 1
            continue
        held = nodes.meant(container.node, container.reference)
        if container.digest not in held and not held & nodes.parts(container.node, container.digest):
            wrong.append(f"{container.place} runs {container.digest or 'an unknown image'}, built was {image.id}")
        elif image.id in held:
            right += 1
        elif image.local:
            wrong.append(
                f"{container.place} runs {container.digest}, as node {container.node} has it, built was {image.id}"
            )
    return wrong, right


def pull_problems(snapshot: ObjectsByKind, scope: Scope) -> dict[str, str]:
    """What keeps pods of a stack from running the image that was loaded: place to the problem in words."""
    found: dict[str, str] = {}
    for pod in members(snapshot, scope)["Pod"]:
        owner = next((o["name"] for o in pod["metadata"].get("ownerReferences") or ()), pod["metadata"]["name"])
        for container, problem in spec_problems(pod["spec"]):
            found[f"{pod['metadata']['namespace']}/{owner}/{container}"] = problem
    return found


def spec_problems(spec: Json) -> Iterator[tuple[str, str]]:
    """Containers of a pod's specification whose local image can be stale or cannot be had, with the reason."""
    for container in [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]:
        image = str(container.get("image", ""))
        if not image.startswith(f"{OWN_REPOSITORY}/"):
            continue
        name = container.get("name", "")
        tag = _tag(image)
        # The API server fills this in; a chart that is only rendered may leave it out.
        policy = container.get("imagePullPolicy") or ("Always" if tag == "latest" else "IfNotPresent")
        if policy == "Always":
            yield name, f"imagePullPolicy is Always, and no registry has {image}"
        if tag == "latest":
            yield name, f"{image} can be any build: take the tag that devenv gives to the chart"


def running_statuses(pod: Json) -> Iterator[tuple[Json, str]]:
    """The statuses of a pod's running containers, each with its image as the pod names it, in full form."""
    named = {container["name"]: container.get("image", "") for container in pod["spec"]["containers"]}
    for status in pod.get("status", {}).get("containerStatuses") or ():
        if "running" in (status.get("state") or {}) and status["name"] in named:
            yield status, full_reference(named[status["name"]])


def _running(pod: Json) -> Iterator[RunningContainer]:
    for status, reference in running_statuses(pod):
        digest = _DIGEST.search(str(status.get("imageID", "")))
        yield RunningContainer(
            pod["metadata"]["namespace"],
            pod["metadata"]["name"],
            status["name"],
            str(pod["spec"].get("nodeName", "")),
            reference,
            digest[0] if digest else "",
        )


def _repository(reference: str) -> str:
    try:
        return Reference.parse(reference).repository
    except ImageError:
        return ""


def _tag(image: str) -> str:
    try:
        return Reference.parse(image).tag
    except ImageError:
        return ""


def expectations(
    images: Iterable[tuple[str, str]], ids: Mapping[str, str], local: frozenset[str] | set[str]
) -> list[ExpectedImage]:
    """The images that the engine still has; of others nothing is known to compare with."""
    return [ExpectedImage(name, ref, ids[ref], name in local) for name, ref in images if ref in ids]
