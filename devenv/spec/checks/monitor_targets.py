"""What monitors of a project's own stacks would find: those that match nothing read nothing, and say nothing.

Responsible for what can be known before anything runs: a monitor of a namespace in which other things put Services too
(devenv's stacks, an operator) is not judged, and what is found is a warning, since a Service may come later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from devenv.spec.kubernetes.finding import Json, mapping
from devenv.spec.read.wording import name_hint

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")


@dataclass(frozen=True, slots=True)
class Installed:
    """One object of a stack, and where it comes to."""

    stack: str
    namespace: str
    item: Json

    @classmethod
    def of(cls, stack: str, namespace: str, item: Json) -> Installed:
        """An object that comes to a stack's namespace where it names none."""
        return cls(stack, mapping(item, "metadata").get("namespace") or namespace, item)

    @property
    def name(self) -> str:
        """The object as it is told of."""
        return f"stack {self.stack}: {str(self.item['kind']).lower()} {mapping(self.item, 'metadata').get('name')}"


@dataclass(frozen=True, slots=True)
class _Target:
    """What a monitor can match: a Service, or the pods of a workload."""

    namespace: str
    labels: Json
    ports: tuple[str, ...]


def target_warnings(objects: Sequence[Installed], known: Collection[str]) -> Iterator[str]:
    """Monitors that read nothing: `known` are the namespaces that nothing but the `objects` is put into."""
    services = [_service(each) for each in objects if each.item["kind"] == "Service"]
    pods = [pod for each in objects for pod in _pods(each)]
    for each in objects:
        spec = mapping(each.item, "spec")
        if each.item["kind"] == "ServiceMonitor":
            yield from _of_monitor(each, spec.get("endpoints"), services, "Service", known)
        elif each.item["kind"] == "PodMonitor":
            yield from _of_monitor(each, spec.get("podMetricsEndpoints"), pods, "workload", known)


def _of_monitor(
    monitor: Installed, endpoints: Any, targets: Iterable[_Target], what: str, known: Collection[str]
) -> Iterator[str]:
    spec = mapping(monitor.item, "spec")
    chosen = mapping(spec, "namespaceSelector")
    namespaces = chosen.get("matchNames") or [monitor.namespace]
    if chosen.get("any") or not set(namespaces) <= set(known):
        return
    found = [t for t in targets if t.namespace in namespaces and _matches(mapping(spec, "selector"), t.labels)]
    if not found:
        yield f"{monitor.name}: its selector matches no {what} in {', '.join(namespaces)}, so it reads nothing"
        return
    ports = sorted({port for target in found for port in target.ports})
    for endpoint in endpoints if isinstance(endpoints, list) else ():
        port = endpoint.get("port") if isinstance(endpoint, dict) else None
        if isinstance(port, str) and port not in ports:
            hint = name_hint(port, ports, "named ports")
            yield f"{monitor.name}: no {what} that it matches has a port named {port}: {hint}"


def _service(each: Installed) -> _Target:
    ports = mapping(each.item, "spec").get("ports") or ()
    return _Target(each.namespace, mapping(each.item, "metadata", "labels"), _names(ports))


def _pods(each: Installed) -> Iterator[_Target]:
    spec = mapping(each.item, "spec")
    if each.item["kind"] == "CronJob":
        spec = mapping(spec, "jobTemplate", "spec")
    template = each.item if each.item["kind"] == "Pod" else mapping(spec, "template")
    if each.item["kind"] in (*_WORKLOADS, "CronJob", "Pod"):
        containers = mapping(template, "spec").get("containers") or ()
        ports = [port for container in containers for port in container.get("ports") or ()]
        yield _Target(each.namespace, mapping(template, "metadata", "labels"), _names(ports))


def _names(ports: Iterable[Json]) -> tuple[str, ...]:
    return tuple(str(port["name"]) for port in ports if port.get("name"))


def _matches(selector: Json, labels: Json) -> bool:
    """As https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ has it; an empty one takes all."""
    if any(labels.get(key) != value for key, value in mapping(selector, "matchLabels").items()):
        return False
    for wish in selector.get("matchExpressions") or ():
        key, values = wish.get("key"), wish.get("values") or ()
        is_met = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }.get(wish.get("operator"), True)
        if not is_met:
            return False
    return True
