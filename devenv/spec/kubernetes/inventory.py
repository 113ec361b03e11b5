"""What a profile's objects define, by kind, namespace and name: what others among them may refer to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from devenv.spec.kubernetes.finding import Json, Rendered, entries, mapping
from devenv.spec.kubernetes.pods import template_path

_BUILT_IN: Mapping[str, frozenset[str]] = {
    "StorageClass": frozenset({"standard"}),
    "PriorityClass": frozenset({"system-cluster-critical", "system-node-critical"}),
    "ClusterRole": frozenset({"admin", "cluster-admin", "edit", "view"}),
}
"""What kind and Kubernetes bring, of kinds that belong to no namespace."""
_IN_EACH = {"ServiceAccount": "default", "ConfigMap": "kube-root-ca.crt"}
"""What Kubernetes puts into each namespace."""
_SYSTEM = ("kube-system", "kube-public", "default", "local-path-storage")


@dataclass(frozen=True, slots=True)
class Inventory:
    """All objects of a profile."""

    found: Mapping[tuple[str, str], Mapping[str, Rendered | None]]
    """Kind and namespace to names, with the object where there is one; the namespace is empty for a cluster's own."""
    keys: Mapping[tuple[str, str, str], frozenset[str] | None] = field(default_factory=dict)
    """Kind, namespace and name of ConfigMaps and Secrets to their keys; None where these are not known."""

    @classmethod
    def of(cls, objects: Iterable[Rendered], further: Iterable[tuple[str, str, str]] = ()) -> Inventory:
        """Of objects, and of others by kind, namespace and name, of which no more is known."""
        found: dict[tuple[str, str], dict[str, Rendered | None]] = defaultdict(dict)
        keys: dict[tuple[str, str, str], frozenset[str] | None] = {}
        for kind, namespace, name in further:
            found[kind, namespace][name] = None
            keys[kind, namespace, name] = None
        for each in objects:
            found[each.kind, each.namespace][each.name] = each
            found[each.kind, ""].setdefault(each.name, each)
            if each.kind in {"ConfigMap", "Secret"}:
                keys[each.kind, each.namespace, each.name] = frozenset(_keys(each.item))
            for name, made in _made_secrets(each):
                found["Secret", each.namespace].setdefault(name, None)
                keys.setdefault(("Secret", each.namespace, name), made)
        return cls(found, keys)

    def has(self, kind: str, namespace: str, name: str) -> bool:
        """Whether there is an object; what a cluster has from its beginning counts."""
        if name in self.found.get((kind, namespace), ()) or name in _BUILT_IN.get(kind, ()):
            return True
        if kind == "ClusterRole" and name.startswith("system:"):
            return True
        return _IN_EACH.get(kind) == name or namespace in _SYSTEM

    def names(self, kind: str, namespace: str) -> Collection[str]:
        """The names of a kind in a namespace."""
        return self.found.get((kind, namespace), {})

    def object(self, kind: str, namespace: str, name: str) -> Json | None:
        """An object that was rendered."""
        each = self.found.get((kind, namespace), {}).get(name)
        return each.item if each else None

    def any_of(self, kind: str) -> bool:
        """Whether there is any of a kind."""
        return bool(self.found.get((kind, "")))

    def pods(self, namespace: str) -> list[tuple[Rendered, Mapping[str, str]]]:
        """The objects that make pods in a namespace, with the labels of these."""
        made = []
        for (_, where), objects in self.found.items():
            for each in objects.values() if where == namespace else ():
                path = template_path(each.item) if each else None
                if each and path is not None:
                    made.append((each, mapping(each.item, *map(str, path), "metadata", "labels")))
        return made

    def ports_served(self, rendered: Rendered) -> frozenset[str | int]:
        """Names and numbers of the ports of an object's pods that Services send requests to."""
        path = template_path(rendered.item)
        if path is None:
            return frozenset()
        labels = mapping(rendered.item, *map(str, path), "metadata", "labels")
        services = [each.item for each in self.found.get(("Service", rendered.namespace), {}).values() if each]
        selecting = [
            item for item in services if (wanted := mapping(item, "spec", "selector")) and fits(wanted, labels)
        ]
        ports = [port for item in selecting for _, port in entries(item, "spec", "ports")]
        return frozenset(port.get("targetPort", port.get("port")) for port in ports)


def fits(wanted: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether labels are what a selector wants."""
    return all(labels.get(key) == value for key, value in wanted.items())


def _keys(item: Json) -> list[str]:
    return [key for part in ("data", "stringData", "binaryData") for key in mapping(item, part)]


def _made_secrets(each: Rendered) -> list[tuple[str, frozenset[str] | None]]:
    """The Secrets that controllers make of an object, with their keys where those are known."""
    spec = mapping(each.item, "spec")
    if each.kind == "ExternalSecret":
        target = mapping(spec, "target")
        keys = frozenset(str(entry.get("secretKey")) for _, entry in entries(spec, "data"))
        whole = bool(spec.get("dataFrom") or target.get("template"))
        return [(str(target.get("name") or each.name), None if whole else keys)]
    if each.kind == "Certificate":
        return [(str(spec.get("secretName")), None)]
    return [(each.name, None)] if each.kind == "SealedSecret" else []
