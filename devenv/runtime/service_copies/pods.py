"""The pod of a copy, from the template of a Deployment or StatefulSet. Pure."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping

from devenv.adapters.kubernetes.json_objects import Json
from devenv.runtime.service_copies.identity import Identity

_PROBES = ("readinessProbe", "startupProbe")
_PERIOD, _FAILURES = 10, 3
"""What Kubernetes takes where a probe does not say."""


def copied_pod(workload: Json, identity: Identity, labels: Mapping[str, str], services: Iterable[Json]) -> Json:
    """The pod.

    Its containers are those of the template, with the same images, resources and probes. What differs:

    - It need not be apart from the original's pods (anti-affinity, topology spread): it is no replica of them.
    - Volumes that the original writes to are empty ones of its own; volumes that it only reads are shared.
    - Its ports are those of the pod alone, not the node's.
    - It is asked each second whether it is ready, from the first one on, and is given as long as the original. One
      that cannot be asked counts as ready when its port is open, since nothing else tells.

    Args:
        workload: a Deployment or StatefulSet as the API server has it.
        identity: of the copy.
        labels: that the pod has.
        services: those that lead to the original, for their ports.
    """
    template: Json = copy.deepcopy(workload["spec"]["template"])
    spec: Json = template["spec"]
    spec.pop("topologySpreadConstraints", None)
    (spec.get("affinity") or {}).pop("podAntiAffinity", None)
    spec["volumes"] = [*_own_volumes(spec), *_empty_claims(workload)]
    if workload["kind"] == "StatefulSet":
        # Who reads its ordinal reads it from there. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
        spec.setdefault("hostname", f"{workload['metadata']['name']}-0")
    for container in containers(spec):
        for port in container.get("ports") or ():
            port.pop("hostPort", None)
        container |= {probe: _asked_often(container[probe]) for probe in _PROBES if container.get(probe)}
    for container, port in _unprobed(spec, services):
        container["readinessProbe"] = {"tcpSocket": {"port": port}, "periodSeconds": 1}
    annotations = template["metadata"].get("annotations")
    name = workload["metadata"]["name"]
    metadata = identity.metadata(name, labels=labels, annotations=annotations)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def containers(spec: Json) -> list[Json]:
    """The containers of a pod's specification, those first that come first."""
    return [*(spec.get("initContainers") or ()), *spec["containers"]]


def _asked_often(probe: Json) -> Json:
    """The same question each second, with patience for as long as before."""
    seconds = probe.get("periodSeconds", _PERIOD) * probe.get("failureThreshold", _FAILURES)
    patience = seconds + probe.get("initialDelaySeconds", 0)
    return {**probe, "initialDelaySeconds": 0, "periodSeconds": 1, "failureThreshold": patience}


def _own_volumes(spec: Json) -> Iterator[Json]:
    for volume in spec.get("volumes") or ():
        claim = volume.get("persistentVolumeClaim")
        shared = claim is None or claim.get("readOnly") or _is_only_read(volume["name"], spec)
        yield volume if shared else {"name": volume["name"], "emptyDir": {}}


def _is_only_read(volume: str, spec: Json) -> bool:
    mounts = [mount for container in containers(spec) for mount in container.get("volumeMounts") or ()]
    return all(mount.get("readOnly") for mount in mounts if mount["name"] == volume)


def _empty_claims(workload: Json) -> Iterator[Json]:
    # A claim of its own would wait for a provisioner, and what is in it is not wanted afterwards.
    for claim in workload["spec"].get("volumeClaimTemplates") or ():
        yield {"name": claim["metadata"]["name"], "emptyDir": {}}


def _unprobed(spec: Json, services: Iterable[Json]) -> Iterator[tuple[Json, str | int]]:
    """Containers that do not tell whether they are ready, each with a port that a Service leads to."""
    wanted: list[str | int] = [port.get("targetPort") or port["port"] for service in services for port in _tcp(service)]
    for container in spec["containers"]:
        alone = len(spec["containers"]) == 1
        found = [port for port in wanted if _declares(container, port) or (alone and isinstance(port, int))]
        if found and not container.get("readinessProbe"):
            yield container, found[0]


def _declares(container: Json, port: str | int) -> bool:
    return any(port in (each.get("name"), each["containerPort"]) for each in container.get("ports") or ())


def _tcp(service: Json) -> list[Json]:
    return [port for port in service["spec"].get("ports") or () if port.get("protocol", "TCP") == "TCP"]
