"""Traefik through the API of its dashboard: which HTTP routes there are, and which have nobody behind them.

Responsible for the questions and for reading the answers. The API: https://doc.traefik.io/traefik/operations/api/
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urljoin

from pydantic import BaseModel, TypeAdapter, ValidationError

from devenv.adapters.through_traefik import ask, unanswered

_ALL = {"per_page": "10000"}
_HASH = re.compile("-[0-9a-f]{20}$")
"""What Traefik puts behind the name of an IngressRoute's service."""
_INTERNAL = "internal"
"""The provider of Traefik's own services: its dashboard, for one."""


@dataclass(frozen=True, slots=True)
class Route:
    """What leads from a rule to a service."""

    rule: str
    service: str
    problem: str = ""
    """Why nobody answers there."""


class _Router(BaseModel):
    rule: str = ""
    service: str = ""
    provider: str = ""
    status: str = "enabled"
    error: list[str] = []


class _Balancer(BaseModel):
    servers: list[object] = []


class _Service(BaseModel):
    name: str
    status: str = "enabled"
    error: list[str] = []
    loadBalancer: _Balancer | None = None  # noqa: N815 -- the API's name


_ROUTERS, _SERVICES = TypeAdapter(list[_Router]), TypeAdapter(list[_Service])


def list_routes(url: str, *, timeout: float) -> tuple[Route, ...]:
    """The HTTP routes, those without an answer first, then by rule; each once, whichever entry points it has.

    Args:
        url: where Traefik's dashboard answers.
        timeout: seconds for each of two questions.

    Raises:
        ClusterError: it does not answer in time, or something else does.
    """
    routers, services = (
        ask("Traefik", urljoin(url, f"/api/http/{kind}"), timeout=timeout, query=_ALL)
        for kind in ("routers", "services")
    )
    try:
        known = {service.name: service for service in _SERVICES.validate_json(services)}
        found = {_route(router, known) for router in _ROUTERS.validate_json(routers) if router.provider != _INTERNAL}
    except ValidationError as error:
        raise unanswered("Traefik", url, str(error)) from error
    return tuple(sorted(found, key=lambda route: (not route.problem, route.rule)))


def unrouted(url: str, hosts: Collection[str], *, timeout: float) -> str:
    """Why some host names lead nowhere yet, in words; empty when Traefik has a way to a pod for each.

    Args:
        url: where Traefik's dashboard answers.
        hosts: names as they are in rules.
        timeout: seconds for each of two questions.

    Raises:
        ClusterError: it does not answer in time, or something else does.
    """
    routes = list_routes(url, timeout=timeout)
    for host in hosts:
        mine = [route for route in routes if f"`{host}`" in route.rule]
        if not mine:
            return f"Traefik has no route for {host} yet"
        if problem := next((route.problem for route in mine if route.problem), ""):
            return f"{host}: {problem}"
    return ""


def _route(router: _Router, services: dict[str, _Service]) -> Route:
    name = router.service if "@" in router.service else f"{router.service}@{router.provider}"
    readable = _HASH.sub("", router.service.partition("@")[0])
    return Route(router.rule, readable, _problem(router, services.get(name), readable))


def _problem(router: _Router, service: _Service | None, name: str) -> str:
    if router.error or router.status == "disabled":
        return "; ".join(router.error) or "the route is disabled"
    if service and (service.error or service.status == "disabled"):
        return "; ".join(service.error) or "the service is disabled"
    if service and service.loadBalancer and not service.loadBalancer.servers:
        return f"no pod of {name} is ready"
    return ""
