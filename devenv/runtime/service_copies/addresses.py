"""What answers on this machine, as the pods of the cluster reach it. Pure.

A test on this machine knows a database by a port of 127.0.0.1 and a service by a host name behind Traefik. Neither
leads anywhere from within a pod, where both are reached by the name of a Service.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from devenv.adapters.kubernetes.json_objects import Json
from devenv.databases.address import Address
from devenv.runtime.service_copies.routes import backends
from devenv.spec.project import LOOPBACK

_LOCAL = (LOOPBACK, "localhost")


def inside(address: Address, node_port: int, services: Iterable[Json]) -> Address | None:
    """The same database as pods reach it; None where no Service has the port.

    Args:
        address: as this machine reaches it, the live one's or a clone's.
        node_port: the port on the nodes that the stack's `database.node_port` names.
        services: those of the cluster.
    """
    for service in services:
        for port in service["spec"].get("ports") or ():
            if port.get("nodePort") == node_port:
                return replace(address, host=_host(service["metadata"]), port=port["port"])
    return None


def places(
    services: Iterable[Json], routes: Iterable[Json], published: Mapping[int, int], http: tuple[int, int]
) -> dict[str, str]:
    """What stands for what in texts: `127.0.0.1:5432` for `postgres.alt-database:5432`.

    Args:
        services: those of the cluster.
        routes: its IngressRoutes and Ingresses.
        published: port on the nodes to port on this machine.
        http: Traefik's two ports on this machine, HTTP and HTTPS. Without a host name they lead nowhere.
    """
    by_place = {(s["metadata"]["namespace"], s["metadata"]["name"]): s for s in services}
    found: dict[str, str] = {}
    for service in by_place.values():
        for port in service["spec"].get("ports") or ():
            outside = published.get(port.get("nodePort", 0))
            if outside and outside not in http:
                found |= {f"{name}:{outside}": f"{_host(service['metadata'])}:{port['port']}" for name in _LOCAL}
    for host, namespace, name, port in backends(routes):
        target = by_place.get((namespace, name))
        number = _number(target, port) if target else None
        if target and number:
            where = f"{_host(target['metadata'])}:{number}"
            # Behind Traefik nobody speaks TLS.
            found |= dict(_ways(host, where, http))
    return found


def translated(text: str, known: Mapping[str, str]) -> str:
    """The text with the addresses of this machine in it replaced by those that pods reach."""
    if not known:
        return text
    longest_first = sorted(known, key=len, reverse=True)
    address = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w.-])")
    return address.sub(lambda found: known[found[0]], text)


def _ways(host: str, where: str, http: tuple[int, int]) -> Iterator[tuple[str, str]]:
    plain, secure = http
    yield f"https://{host}:{secure}", f"http://{where}"
    yield f"{host}:{plain}", where
    if plain == 80:  # noqa: PLR2004 -- the port that a URL leaves out
        yield f"http://{host}", f"http://{where}"


def _host(metadata: Json) -> str:
    return f"{metadata['name']}.{metadata['namespace']}"


def _number(service: Json, port: str | int) -> int | None:
    ports = service["spec"].get("ports") or ()
    return next((each["port"] for each in ports if port in (each.get("name"), each["port"])), None)
