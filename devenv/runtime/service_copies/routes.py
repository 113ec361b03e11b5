"""How a copy is reached: Services of its own, and routes like the original's with other host names. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.selectors import matches
from devenv.runtime.service_copies.identity import Identity

TRAEFIK = "traefik.io/v1alpha1"
_ENTRY_POINTS = "traefik.ingress.kubernetes.io/router.entrypoints"
_TLS = "traefik.ingress.kubernetes.io/router.tls"
_PLAIN = "web"
"""Traefik's entry point for HTTP."""
_HOST = re.compile(r"(?P<kind>Host|HostRegexp)\((?P<names>(?:[^()`\"]|`[^`]*`|\"[^\"]*\")*)\)")
_QUOTED = re.compile(r"[`\"]([^`\"]*)[`\"]")
_HTTP_NAMES, _HTTP_PORTS = ("http", "web", "https"), (80, 8080, 443)
_ALLOCATED = (
    "clusterIP",
    "clusterIPs",
    "externalIPs",
    "healthCheckNodePort",
    "loadBalancerIP",
    "externalTrafficPolicy",
)


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names under which a copy answers, made from the original's."""

    identity: Identity
    domain: str
    """Of the project: `alt.localhost`."""

    def named(self, host: str) -> str:
        """`backend.alt.localhost` as the copy's `backend-3f2a9c.alt.localhost`: the same certificate is good for it."""
        inner = host.removesuffix(f".{self.domain}") if host.endswith(f".{self.domain}") else host.partition(".")[0]
        first, dot, rest = inner.partition(".")
        return f"{self.identity.named(first)}{dot}{rest}.{self.domain}"


@dataclass(frozen=True, slots=True)
class Routed:
    """What makes a copy reachable from outside."""

    objects: tuple[Json, ...]
    addresses: tuple[tuple[str, str], ...]
    """Scheme and host name of each way in, the original's first one first."""


def leading_to(labels: Mapping[str, str], services: Iterable[Json]) -> list[Json]:
    """The Services that select pods of these labels."""
    return [s for s in services if (wanted := s["spec"].get("selector")) and matches({"matchLabels": wanted}, labels)]


def copied_service(service: Json, identity: Identity) -> Json:
    """A Service like the original's that selects the copy alone, and has no port on the nodes.

    It leads to the pod whether that is ready or not: who uses a copy waits until it is, and there is no other pod that
    could answer when a probe comes late on a busy machine. Traefik so knows the pod before it is ready, too.
    """
    spec: Json = copy.deepcopy(service["spec"])
    for key in [key for key in _ALLOCATED if key in spec and spec.get("clusterIP") != "None"]:
        del spec[key]
    for port in spec.get("ports") or ():
        port.pop("nodePort", None)
    spec |= {"type": "ClusterIP", "selector": identity.selector, "publishNotReadyAddresses": True}
    metadata = identity.metadata(service["metadata"]["name"], annotations=service["metadata"].get("annotations"))
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def copied_routes(routes: Iterable[Json], services: Sequence[Json], hosts: Hosts) -> Routed:
    """Routes to the copy's Services, one for each that leads to the original's; where there is none, one is made.

    Args:
        routes: IngressRoutes and Ingresses, of any namespace.
        services: those that lead to the original.
        hosts: how the copy is called.
    """
    names = {service["metadata"]["name"] for service in services}
    objects, addresses = [], []
    for route in routes:
        if route["metadata"]["namespace"] == hosts.identity.namespace:
            copied, found = (_ingress if route["kind"] == "Ingress" else _ingress_route)(route, names, hosts)
            if found:
                objects.append(copied)
                addresses += [(scheme_of(route), host) for host in found]
    if not objects and (made := _new_route(services, hosts)):
        objects.append(made[0])
        addresses.append(("http", made[1]))
    # Who can choose takes HTTP, for which no authority has to be trusted.
    return Routed(tuple(objects), tuple(sorted(dict.fromkeys(addresses), key=lambda pair: pair[0] != "http")))


def backends(routes: Iterable[Json]) -> Iterator[tuple[str, str, str, str | int]]:
    """Host name, and namespace, name and port of the Service that all of it leads to, of each route that has them."""
    for route in routes:
        namespace = route["metadata"]["namespace"]
        if route["kind"] == "Ingress":
            for rule in route["spec"].get("rules") or ():
                for path in (rule.get("http") or {}).get("paths") or ():
                    if rule.get("host") and (service := path["backend"].get("service")):
                        port = service.get("port") or {}
                        yield rule["host"], namespace, service["name"], port.get("name") or port.get("number", 0)
            continue
        for rule in route["spec"].get("routes") or ():
            for service in rule.get("services") or ():
                if service.get("kind", "Service") == "Service":
                    for host in _hosts_of(rule["match"]):
                        yield host, service.get("namespace") or namespace, service["name"], service.get("port", 0)


def _hosts_of(match: str) -> list[str]:
    found = [m["names"] for m in _HOST.finditer(match) if m["kind"] == "Host"]
    return [host for names in found for host in _QUOTED.findall(names)]


def _ingress_route(route: Json, services: Collection[str], hosts: Hosts) -> tuple[Json, list[str]]:
    found: list[str] = []
    rules = []
    for rule in route["spec"].get("routes") or ():
        own = [service for service in rule.get("services") or () if _is_of(service, services)]
        if own:
            match, names = _other_host(rule["match"], own[0]["name"], hosts)
            rules.append({**rule, "match": match, "services": [_renamed(service, hosts) for service in own]})
            found += names
    spec = {**route["spec"], "routes": rules}
    if "tls" in spec:
        # The certificate that is there is meant, and none that is asked for by name.
        spec["tls"] = {key: value for key, value in spec["tls"].items() if key not in ("domains", "certResolver")}
    return _object(route, spec, hosts), found


def _is_of(service: Json, services: Collection[str]) -> bool:
    return service.get("kind", "Service") == "Service" and service["name"] in services


def _renamed(service: Json, hosts: Hosts) -> Json:
    return {**service, "name": hosts.identity.named(service["name"])}


def _other_host(match: str, fallback: str, hosts: Hosts) -> tuple[str, list[str]]:
    """A rule with the copy's host names in the place of its own, and these names."""
    own = [hosts.named(host) for host in _hosts_of(match)] or [hosts.named(fallback)]

    def replaced(found: re.Match[str]) -> str:
        names = [hosts.named(host) for host in _QUOTED.findall(found["names"])]
        return f"Host(`{'`, `'.join(names if found['kind'] == 'Host' else own)}`)"

    if _HOST.search(match):
        return _HOST.sub(replaced, match), own
    return f"Host(`{own[0]}`) && ({match})", own


def _ingress(route: Json, services: Collection[str], hosts: Hosts) -> tuple[Json, list[str]]:
    found: list[str] = []
    rules = []
    for rule in route["spec"].get("rules") or ():
        paths = [path for path in (rule.get("http") or {}).get("paths") or () if _leads(path, services)]
        if paths:
            name = hosts.named(rule.get("host") or paths[0]["backend"]["service"]["name"])
            rules.append({**rule, "host": name, "http": {"paths": [_path(path, hosts) for path in paths]}})
            found.append(name)
    spec = {**route["spec"], "rules": rules}
    spec.pop("defaultBackend", None)
    if spec.get("tls"):
        spec["tls"] = [{**tls, "hosts": [hosts.named(host) for host in tls.get("hosts") or ()]} for tls in spec["tls"]]
    return _object(route, spec, hosts), found


def _leads(path: Json, services: Collection[str]) -> bool:
    return (path["backend"].get("service") or {}).get("name") in services


def _path(path: Json, hosts: Hosts) -> Json:
    service = path["backend"]["service"]
    return {**path, "backend": {"service": {**service, "name": hosts.identity.named(service["name"])}}}


def _object(route: Json, spec: Json, hosts: Hosts) -> Json:
    metadata = hosts.identity.metadata(route["metadata"]["name"], annotations=route["metadata"].get("annotations"))
    return {"apiVersion": route["apiVersion"], "kind": route["kind"], "metadata": metadata, "spec": spec}


def scheme_of(route: Json) -> str:
    spec, noted = route["spec"], route["metadata"].get("annotations") or {}
    points = spec.get("entryPoints") or [point for point in noted.get(_ENTRY_POINTS, "").split(",") if point]
    secure = noted.get(_TLS) == "true" if route["kind"] == "Ingress" else "tls" in spec
    return "https" if secure or (points and _PLAIN not in points) else "http"


def _new_route(services: Sequence[Json], hosts: Hosts) -> tuple[Json, str] | None:
    """A route to what looks most like HTTP of a service that nobody reached from outside; None without a port."""
    ports = [(service, port) for service in services for port in service["spec"].get("ports") or ()]
    ports = [(service, port) for service, port in ports if port.get("protocol", "TCP") == "TCP"]
    if not ports:
        return None
    service, port = min(
        ports, key=lambda pair: (pair[1].get("name") not in _HTTP_NAMES, pair[1]["port"] not in _HTTP_PORTS)
    )
    name = service["metadata"]["name"]
    host = hosts.named(name)
    rule = {
        "kind": "Rule",
        "match": f"Host(`{host}`)",
        "services": [{"name": hosts.identity.named(name), "port": port["port"]}],
    }
    spec = {"entryPoints": [_PLAIN, "websecure"], "routes": [rule]}
    made = {"apiVersion": TRAEFIK, "kind": "IngressRoute", "metadata": hosts.identity.metadata(name), "spec": spec}
    return made, host
