"""What pods should be like: images that stay the same, probes, limits, and what Pod Security lets in.

Responsible for one object at a time. Somebody who has a reason against a rule says so at the object:
`devenv.io/ignore: no-limits, no-readiness-probe`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from devenv.errors import ImageError
from devenv.spec.image_reference import Reference
from devenv.spec.kubernetes.finding import Finding, Json, Level, Rendered, entries, mapping
from devenv.spec.kubernetes.inventory import Inventory
from devenv.spec.kubernetes.pods import SERVING, containers, pod_of, template_path
from devenv.spec.yaml.positions import KeyPath

IGNORE = "devenv.io/ignore"
"""Annotation of an object, or of its pods: rules that it is not judged by, separated by commas or blanks."""
ENFORCE = "pod-security.kubernetes.io/enforce"
"""Label of a namespace: the level of the Pod Security Standards that pods there have to meet."""
_ADDABLE = {"NET_BIND_SERVICE"}
_BASELINE = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP"),
    *("SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"}
_VOLUMES |= {"secret"}
_RESTRICTED = (
    "securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, "
    "seccompProfile: {type: RuntimeDefault}}"
)


def ignored_rules(item: Json) -> frozenset[str]:
    """The rules that an object says it is not judged by."""
    path = template_path(item) or ()
    texts = [mapping(item, *map(str, at), "metadata", "annotations").get(IGNORE) for at in ((), path)]
    return frozenset(word for text in texts if isinstance(text, str) for word in text.replace(",", " ").split())


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What counts of the namespace that an object comes to."""

    enforced: str | None = None
    """The level of Pod Security that it enforces; None where none is known."""
    limited: bool = False
    """Whether a LimitRange gives containers limits."""
    served: frozenset[str | int] = frozenset()
    """Names and numbers of the ports of the object's pods that Services send requests to."""

    @classmethod
    def of(cls, rendered: Rendered, inventory: Inventory) -> Surroundings:
        """Of an object, among all of a profile."""
        namespace = inventory.object("Namespace", "", rendered.namespace) or {}
        enforced = mapping(namespace, "metadata", "labels").get(ENFORCE)
        return cls(
            str(enforced) if enforced else None,
            bool(inventory.names("LimitRange", rendered.namespace)),
            inventory.ports_served(rendered),
        )


def policy_findings(rendered: Rendered, surroundings: Surroundings) -> Iterator[Finding]:
    """What is not as it should be with the pods that an object makes."""
    found = pod_of(rendered.item)
    if found is None:
        return
    at, spec = found
    for path, container in containers(spec):
        yield from _image((*at, *path), container)
        if not surroundings.limited:
            yield from _resources((*at, *path), container)
    if rendered.kind in SERVING and surroundings.served:
        yield from _probes(at, spec, surroundings.served)
    if surroundings.enforced != "privileged":
        yield from _security(at, spec, surroundings.enforced)


def _probes(at: KeyPath, spec: Json, served: Collection[str | int]) -> Iterator[Finding]:
    """Containers that requests are sent to, and that nobody asks whether they can answer."""
    every = list(containers(spec, initial=False))
    named = [
        [p.get(key) for _, p in entries(container, "ports") for key in ("name", "containerPort")]
        for _, container in every
    ]
    asked = [pair for pair, ports in zip(every, named, strict=True) if set(ports) & set(served)]
    if not any(named):
        asked = every  # which of them answers is not said
    for path, container in asked:
        if not container.get("readinessProbe"):
            message = f"container {container.get('name')} is behind a Service and has no readinessProbe"
            hint = "without one, requests come before it can answer them"
            yield Finding("no-readiness-probe", "warning", (*at, *path), message, hint)


def _image(path: KeyPath, container: Json) -> Iterator[Finding]:
    image = str(container.get("image") or "")
    try:
        reference = Reference.parse(image)
    except ImageError:
        return
    if not reference.digest and reference.tag == "latest":
        message = f"{image} is another image each time: it has the tag latest" + (
            "" if ":latest" in image else ", unsaid"
        )
        yield Finding("latest-tag", "warning", (*path, "image"), message, "name a version, or a digest")


def _resources(path: KeyPath, container: Json) -> Iterator[Finding]:
    limits, requests = mapping(container, "resources", "limits"), mapping(container, "resources", "requests")
    name = container.get("name")
    at = (*path, "resources") if container.get("resources") else path
    if limits.get("memory") is None:
        message = f"container {name} has no limit of memory"
        yield Finding("no-limits", "warning", at, message, "resources: {limits: {memory: 128Mi}}")
    missing = [what for what in ("cpu", "memory") if requests.get(what) is None and limits.get(what) is None]
    if missing:
        message = f"container {name} requests no {' and no '.join(missing)}"
        yield Finding("no-requests", "warning", at, message, "resources: {requests: {cpu: 10m, memory: 64Mi}}")


def _security(at: KeyPath, spec: Json, enforced: str | None) -> Iterator[Finding]:
    """What a level of the Pod Security Standards refuses; `restricted` is looked for where nothing is enforced."""
    level: Level = "error" if enforced else "warning"
    for path, message, hint in _beyond_baseline(spec):
        yield Finding("pod-security-baseline", level, (*at, *path), message, hint)
    if enforced != "baseline":
        together: dict[KeyPath, list[str]] = {}
        for path, message, _ in _beyond_restricted(spec):
            together.setdefault((*at, *path), []).append(message)
        for path, messages in together.items():
            yield Finding("pod-security-restricted", level, path, "; ".join(messages), _RESTRICTED)


_Found = tuple[KeyPath, str, str]


def _beyond_baseline(spec: Json) -> Iterator[_Found]:
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield (key,), f"{key} is not allowed", "leave it out"
    for path, volume in entries(spec, "volumes"):
        if volume.get("hostPath"):
            yield (*path, "hostPath"), f"volume {volume.get('name')} is a folder of the node", "use a claim or emptyDir"
    for path, container in containers(spec):
        security = mapping(container, "securityContext")
        if security.get("privileged"):
            yield (*path, "securityContext", "privileged"), "a privileged container is not allowed", "leave it out"
        for place, port in entries(container, "ports"):
            if port.get("hostPort"):
                yield (*path, *place, "hostPort"), "a port of the node is not allowed", "use a Service"
        added = mapping(security, "capabilities").get("add")
        if beyond := [name for name in added or () if name not in _BASELINE]:
            where: KeyPath = (*path, "securityContext", "capabilities", "add")
            yield where, f"capabilities that are not allowed: {', '.join(map(str, beyond))}", "leave them out"


def _beyond_restricted(spec: Json) -> Iterator[_Found]:
    pods = mapping(spec, "securityContext")
    for path, volume in entries(spec, "volumes"):
        kinds = [key for key in volume if key != "name"]
        if kinds and not volume.get("hostPath") and not _VOLUMES & set(kinds):
            yield path, f"a volume of the kind {kinds[0]} is not allowed", "use a claim"
    for path, container in containers(spec):
        yield from _of_container(path, container, mapping(container, "securityContext"), pods)


def _of_container(path: KeyPath, container: Json, own: Json, pods: Json) -> Iterator[_Found]:
    name, at = container.get("name"), ((*path, "securityContext") if container.get("securityContext") else path)
    if own.get("allowPrivilegeEscalation") is not False:
        yield at, f"container {name} may gain privileges", "securityContext: {allowPrivilegeEscalation: false}"
    if _first(own, pods, "runAsNonRoot") is not True:
        yield at, f"container {name} may run as root", "securityContext: {runAsNonRoot: true}"
    if _first(own, pods, "runAsUser") == 0:
        yield at, f"container {name} runs as root", "securityContext: {runAsUser: 1000}"
    capabilities = mapping(own, "capabilities")
    if "ALL" not in (capabilities.get("drop") or ()):
        yield at, f"container {name} keeps capabilities", "securityContext: {capabilities: {drop: [ALL]}}"
    added = [str(each) for each in capabilities.get("add") or () if each not in _ADDABLE and each in _BASELINE]
    if added:
        yield (*at, "capabilities", "add"), f"container {name} has capabilities: {', '.join(added)}", "leave them out"
    profile = mapping(_first(own, pods, "seccompProfile")).get("type")
    if profile not in {"RuntimeDefault", "Localhost"}:
        hint = "securityContext: {seccompProfile: {type: RuntimeDefault}}"
        yield at, f"container {name} has no seccomp profile", hint


def _first(own: Mapping[str, Any], pods: Mapping[str, Any], key: str) -> Any:
    """What a container says, or else its pod."""
    return own.get(key) if own.get(key) is not None else pods.get(key)
