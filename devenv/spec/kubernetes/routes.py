"""Routes to Services: those that lead to none, or to a port that it does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from devenv.spec.kubernetes.finding import Finding, Rendered, entries, mapping
from devenv.spec.kubernetes.inventory import Inventory
from devenv.spec.kubernetes.lookup import missing, text
from devenv.spec.read.wording import did_you_mean
from devenv.spec.yaml.positions import KeyPath

_Route = tuple[KeyPath, str, str, Any, KeyPath]
"""Where the Service is named, its namespace, its name, its port, and where that is written."""


def route_findings(each: Rendered, inventory: Inventory) -> Iterator[Finding]:
    """What the routes of an object lead to, and is not there."""
    routes = {"IngressRoute": _of_traefik, "Ingress": _of_ingress}.get(each.kind)
    for at, where, name, wanted, key in routes(each) if routes else ():
        yield from missing((*at, "name"), "Service", where, name, inventory)
        service = inventory.object("Service", where, name) or {}
        ports = [port for _, port in entries(service, "spec", "ports")]
        known = {value for port in ports for value in (port.get("name"), port.get("port"))} - {None}
        if ports and wanted is not None and wanted not in known:
            names = sorted(map(str, known))
            hint = did_you_mean(str(wanted), names) or f"its ports: {', '.join(names)}"
            yield Finding("dead-reference", "error", (*at, *key), f"Service {name} has no port {wanted}", hint)


def _of_traefik(each: Rendered) -> Iterator[_Route]:
    for path, route in entries(each.item, "spec", "routes"):
        for place, service in entries(route, "services"):
            if service.get("kind", "Service") == "Service":
                where = text(service, "namespace") or each.namespace
                yield (*path, *place), where, text(service, "name"), service.get("port"), ("port",)


def _of_ingress(each: Rendered) -> Iterator[_Route]:
    usual: KeyPath = ("spec", "defaultBackend", "service")
    backends = [(usual, mapping(each.item, "spec", "defaultBackend", "service"))]
    for path, rule in entries(each.item, "spec", "rules"):
        for place, entry in entries(rule, "http", "paths"):
            backends.append(((*path, *place, "backend", "service"), mapping(entry, "backend", "service")))
    for at, service in backends:
        port = mapping(service, "port")
        key = "name" if "name" in port else "number"
        yield at, each.namespace, text(service, "name"), port.get(key), ("port", key)
