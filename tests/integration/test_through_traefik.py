"""What is read of the answers of Traefik's API and of the dashboards' server, and of those of something else."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from support.http_server import Server

from devenv.adapters.dashboards import list_dashboards
from devenv.adapters.traefik import Route, list_routes, unrouted
from devenv.errors import ClusterError

HOST = "traefik.shop.localhost"


def at(server: Server, host: str = HOST) -> str:
    """Its address by a name that no resolver need know."""
    return server.url.replace("127.0.0.1", host) + "/dashboard/"


def router(rule: str, service: str, **more: object) -> dict[str, object]:
    """A router as the API sends it, with what is not read as well."""
    return {
        "rule": rule,
        "service": service,
        "provider": "kubernetescrd",
        "status": "enabled",
        "using": ["web"],
        **more,
    }


def service(name: str, servers: list[object] | None, **more: object) -> dict[str, object]:
    """A service as the API sends it."""
    balancer = {} if servers is None else {"servers": servers}
    return {"name": f"{name}@kubernetescrd", "status": "enabled", "loadBalancer": balancer, **more}


def test_routes_without_an_answer_come_first_with_the_reason() -> None:
    routers = [
        router("Host(`web`)", "shop-web-80"),
        router("Host(`web`)", "shop-web-80", using=["websecure"]),
        router("Host(`empty`)", "shop-empty-80-a1d6777e7c998777ee4e"),
        router(
            "Host(`broken`)", "shop-broken-80", status="disabled", error=["the service shop-broken-80 does not exist"]
        ),
        router("Host(`traefik`)", "api@internal"),
        router("PathPrefix(`/`)", "ping@internal", provider="internal"),
    ]
    services = [
        service("shop-web-80", [{"url": "http://10.244.0.7:80"}]),
        service("shop-empty-80-a1d6777e7c998777ee4e", None),
    ]
    with Server() as server:
        server.serve("/api/http/routers?per_page=10000", json.dumps(routers).encode())
        server.serve("/api/http/services?per_page=10000", json.dumps(services).encode())
        found = list_routes(at(server), timeout=5)
        ways = {host: unrouted(at(server), [host], timeout=5) for host in ("web", "empty", "broken", "none")}
    assert ways == {
        "web": "",
        "empty": "empty: no pod of shop-empty-80 is ready",
        "broken": "broken: the service shop-broken-80 does not exist",
        "none": "Traefik has no route for none yet",
    }
    assert found == (
        Route("Host(`broken`)", "shop-broken-80", "the service shop-broken-80 does not exist"),
        Route("Host(`empty`)", "shop-empty-80", "no pod of shop-empty-80 is ready"),
        Route("Host(`traefik`)", "api"),
        Route("Host(`web`)", "shop-web-80"),
    )


def test_dashboards_have_a_title_and_an_address_and_what_cannot_be_shown_is_left_out() -> None:
    listed = [
        {
            "name": "postgres",
            "own": True,
            "resource": {"kind": "Dashboard", "spec": {"display": {"name": "PostgreSQL"}}},
        },
        {"name": "shop", "own": False, "resource": {"kind": "Dashboard", "spec": {}}},
        {"name": "odd", "problem": "it is not a dashboard of Perses"},
    ]
    with Server() as server:
        server.serve("/api/dashboards", json.dumps(listed).encode())
        url = at(server, "dashboards.shop.localhost")
        found = list_dashboards(url, timeout=5)
    root = url.removesuffix("dashboard/")
    assert [(each.title, each.url) for each in found] == [
        ("PostgreSQL", f"{root}d/postgres"),
        ("shop", f"{root}d/shop"),
    ]
    assert found[0].showing("auth-postgres") == f"{root}d/postgres?var-stack=auth-postgres"


@pytest.mark.parametrize("ask", [list_routes, list_dashboards])
def test_something_else_that_answers_is_an_error(ask: Callable[..., object]) -> None:
    with Server() as server:
        for path in ("/api/http/routers?per_page=10000", "/api/http/services?per_page=10000", "/api/dashboards"):
            server.serve(path, b'{"hello": "I am another"}')
        with pytest.raises(ClusterError, match="does not answer at http://traefik"):
            ask(at(server), timeout=5)
    with pytest.raises(ClusterError, match="does not answer"):
        ask(at(server), timeout=5)
