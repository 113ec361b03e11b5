"""References between objects that lead to nothing: ConfigMaps, Secrets, Services, issuers, classes, accounts.

Responsible for the whole of a profile. What others put into a cluster is not known: a reference to a kind that the
project has none of at all, and that no stack defines, is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator

from devenv.spec.kubernetes.finding import Finding, Json, Rendered, entries, mapping
from devenv.spec.kubernetes.inventory import Inventory
from devenv.spec.kubernetes.lookup import missing, text
from devenv.spec.kubernetes.pods import containers, pod_of
from devenv.spec.kubernetes.routes import route_findings
from devenv.spec.read.wording import did_you_mean
from devenv.spec.yaml.positions import KeyPath

_Reference = tuple[KeyPath, str, str, str]
"""Place, kind, namespace and name; an empty namespace for what belongs to the cluster."""


def reference_findings(each: Rendered, inventory: Inventory) -> Iterator[Finding]:
    """What an object refers to and is not there."""
    found = pod_of(each.item)
    if found:
        at, spec = found
        yield from _keyed(each, at, spec, inventory)
        for path, kind, namespace, name in _of_pod(each, spec):
            yield from missing((*at, *path), kind, namespace, name, inventory)
    for path, kind, namespace, name in _of_object(each):
        yield from missing(path, kind, namespace, name, inventory)
    yield from route_findings(each, inventory)


def _keyed(each: Rendered, at: KeyPath, spec: Json, inventory: Inventory) -> Iterator[Finding]:
    """Keys of ConfigMaps and Secrets: in variables and in volumes."""
    for path, container in containers(spec):
        for place, variable in entries(container, "env"):
            for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                reference = mapping(variable, "valueFrom", field)
                if reference and not reference.get("optional"):
                    where: KeyPath = (*at, *path, *place, "valueFrom", field)
                    yield from _key(where, kind, each.namespace, reference, inventory)


def _key(path: KeyPath, kind: str, namespace: str, reference: Json, inventory: Inventory) -> Iterator[Finding]:
    name, key = str(reference.get("name", "")), str(reference.get("key", ""))
    if not inventory.has(kind, namespace, name):
        yield from missing((*path, "name"), kind, namespace, name, inventory)
        return
    keys = inventory.keys.get((kind, namespace, name))
    if keys is not None and key not in keys:
        message = f"{kind} {name} has no key {key}"
        yield Finding("dead-reference", "error", (*path, "key"), message, did_you_mean(key, keys))


def _of_pod(each: Rendered, spec: Json) -> Iterator[_Reference]:
    space = each.namespace
    for path, container in containers(spec):
        for place, source in entries(container, "envFrom"):
            for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                reference = mapping(source, field)
                if reference and not reference.get("optional"):
                    yield (*path, *place, field, "name"), kind, space, text(reference, "name")
    for path, volume in entries(spec, "volumes"):
        for place, kind, name in _of_volume(volume, each):
            yield (*path, *place), kind, space, name
    for path, secret in entries(spec, "imagePullSecrets"):
        yield (*path, "name"), "Secret", space, text(secret, "name")
    yield ("serviceAccountName",), "ServiceAccount", space, text(spec, "serviceAccountName")
    yield ("priorityClassName",), "PriorityClass", "", text(spec, "priorityClassName")
    yield ("runtimeClassName",), "RuntimeClass", "", text(spec, "runtimeClassName")


def _of_volume(volume: Json, each: Rendered) -> Iterator[tuple[KeyPath, str, str]]:
    sources: list[tuple[KeyPath, Json]] = [((), volume)]
    sources += [(("projected", *path), source) for path, source in entries(mapping(volume, "projected"), "sources")]
    for path, source in sources:
        for field, kind, key in (
            ("configMap", "ConfigMap", "name"),
            ("secret", "Secret", "secretName" if not path else "name"),
        ):
            reference = mapping(source, field)
            if reference and not reference.get("optional"):
                yield (*path, field, key), kind, text(reference, key)
    claim = text(mapping(volume, "persistentVolumeClaim"), "claimName")
    templates = {
        text(mapping(entry, "metadata"), "name") for _, entry in entries(each.item, "spec", "volumeClaimTemplates")
    }
    if claim and claim not in templates:
        yield ("persistentVolumeClaim", "claimName"), "PersistentVolumeClaim", claim


def _of_object(each: Rendered) -> Iterator[_Reference]:
    spec, space = mapping(each.item, "spec"), each.namespace
    if each.kind == "StatefulSet":
        yield ("spec", "serviceName"), "Service", space, text(spec, "serviceName")
        for path, claim in entries(spec, "volumeClaimTemplates"):
            name = text(mapping(claim, "spec"), "storageClassName")
            yield ("spec", *path, "spec", "storageClassName"), "StorageClass", "", name
    elif each.kind == "PersistentVolumeClaim":
        yield ("spec", "storageClassName"), "StorageClass", "", text(spec, "storageClassName")
    elif each.kind in {"RoleBinding", "ClusterRoleBinding"}:
        yield from _of_binding(each)
    elif each.kind == "HorizontalPodAutoscaler":
        target = mapping(spec, "scaleTargetRef")
        yield ("spec", "scaleTargetRef", "name"), text(target, "kind"), space, text(target, "name")
    elif each.kind == "Ingress":
        yield ("spec", "ingressClassName"), "IngressClass", "", text(spec, "ingressClassName")
        for path, entry in entries(spec, "tls"):
            yield ("spec", *path, "secretName"), "Secret", space, text(entry, "secretName")
    elif each.kind in {"ExternalSecret", "Certificate", "Issuer", "ClusterIssuer", "IngressRoute", "Gateway"}:
        yield from _of_custom(each, spec, space)


def _of_custom(each: Rendered, spec: Json, space: str) -> Iterator[_Reference]:
    named = {"ExternalSecret": ("secretStoreRef", "SecretStore"), "Certificate": ("issuerRef", "Issuer")}
    if each.kind in named:
        field, usual = named[each.kind]
        reference = mapping(spec, field)
        kind = text(reference, "kind") or usual
        own = text(reference, "group") in {"", "cert-manager.io"}
        where = "" if kind.startswith("Cluster") else space
        yield ("spec", field, "name"), kind, where, text(reference, "name") if own else ""
    elif each.kind == "Gateway":
        yield ("spec", "gatewayClassName"), "GatewayClass", "", text(spec, "gatewayClassName")
    elif each.kind == "IngressRoute":
        yield ("spec", "tls", "secretName"), "Secret", space, text(mapping(spec, "tls"), "secretName")
        for path, route in entries(spec, "routes"):
            for place, other in entries(route, "middlewares"):
                where = text(other, "namespace") or space
                yield ("spec", *path, *place, "name"), "Middleware", where, text(other, "name").partition("@")[0]


def _of_binding(each: Rendered) -> Iterator[_Reference]:
    role = mapping(each.item, "roleRef")
    kind = text(role, "kind")
    yield ("roleRef", "name"), kind, each.namespace if kind == "Role" else "", text(role, "name")
    for path, subject in entries(each.item, "subjects"):
        if subject.get("kind") == "ServiceAccount":
            where = text(subject, "namespace") or each.namespace
            yield (*path, "name"), "ServiceAccount", where, text(subject, "name")
