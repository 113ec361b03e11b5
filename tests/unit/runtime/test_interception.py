"""A service for which a process of this machine answers, as values."""

from __future__ import annotations

from typing import Any

import pytest
from support.service_copies import ingress_route

from devenv.errors import NotInterceptableError, UsageError
from devenv.labels import ANNOTATION_BORROWED
from devenv.runtime.interception.addresses import (
    Place,
    Translated,
    Ways,
    places_behind_traefik,
    published_places,
    translate,
)
from devenv.runtime.interception.pod_template import FOLDER, Interception
from devenv.runtime.interception.ports import (
    Route,
    ServicePort,
    chosen_routes,
    own_places,
    service_ports,
    with_own_port,
)
from devenv.runtime.interception.variables import PodFacts, container_variables

APPS, DATA = "shop-apps", "shop-database"


def service(name: str, *ports: int | dict[str, Any], namespace: str = APPS) -> dict[str, Any]:
    listed = [{"port": port} if isinstance(port, int) else port for port in ports]
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"ports": listed, "selector": {"app": name}}}


SERVICES = [
    service("postgres", 5432, namespace=DATA),
    service("cache", 6379),
    service("api", 80, {"port": 9000, "name": "grpc"}),
    service("api-docs", 80),
    service("web", 8000, {"port": 53, "protocol": "UDP"}, namespace="shop-web"),
]
POSTGRES, CACHE, WEB = Place(DATA, "postgres", 5432), Place(APPS, "cache", 6379), Place("shop-web", "web", 8000)
LED = Ways({POSTGRES: 15432, CACHE: 6379, Place(APPS, "api", 80): 3000, WEB: 8000})


def here(variables: dict[str, str], ways: Ways = LED) -> Translated:
    return translate(variables, SERVICES, APPS, ways, "127.0.0.1")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("postgres://u:p@postgres.shop-database:5432/shop", "postgres://u:p@127.0.0.1:15432/shop"),
        ("postgresql+asyncpg://u:p@postgres.shop-database/shop", "postgresql+asyncpg://u:p@127.0.0.1:15432/shop"),
        ("postgres.shop-database.svc:5432", "127.0.0.1:15432"),
        ("postgres.shop-database.svc.cluster.local:5432", "127.0.0.1:15432"),
        ("u:p@tcp(postgres.shop-database:5432)/shop", "u:p@tcp(127.0.0.1:15432)/shop"),
        ("host=postgres.shop-database port=5432 dbname=shop", "host=127.0.0.1 port=15432 dbname=shop"),
        ("redis://cache:6379/0,redis://cache:6379/1", "redis://127.0.0.1:6379/0,redis://127.0.0.1:6379/1"),
        ("http://api/v1?next=http://web.shop-web:8000/", "http://127.0.0.1:3000/v1?next=http://127.0.0.1:8000/"),
        # What looks like one, and is none.
        ("the api of the cache", "the api of the cache"),
        ("api-v2:80 myapi:80 api.example.com:80", "api-v2:80 myapi:80 api.example.com:80"),
        ("http://web:8000", "http://web:8000"),
        ("cache:1234", "cache:1234"),
        ("web.shop-web:53", "web.shop-web:53"),
    ],
)
def test_an_address_of_the_cluster_becomes_one_of_this_machine(before: str, after: str) -> None:
    found = here({"VALUE": before})
    assert (found.values, found.missing, found.elsewhere) == ({"VALUE": after}, (), {})


def test_a_host_and_its_port_in_two_variables_change_together() -> None:
    found = here({"DB_HOST": "postgres.shop-database", "DB_PORT": "5432", "PORT": "5432"})
    assert found.values == {"DB_HOST": "127.0.0.1", "DB_PORT": "15432", "PORT": "5432"}


def test_a_host_alone_whose_port_is_another_here_is_told() -> None:
    found = here({"PGHOST": "postgres.shop-database", "REDIS_HOST": "cache", "APP": "cache"})
    assert found.values == {"PGHOST": "127.0.0.1", "REDIS_HOST": "127.0.0.1", "APP": "cache"}
    assert found.elsewhere == {"PGHOST": (POSTGRES, 15432)}


def test_what_nothing_leads_to_is_told_and_stays() -> None:
    variables = {"CACHE": "redis://cache", "DB": "postgres.shop-database:5432", "NAME": "api"}
    found = here(variables, Ways({POSTGRES: 5432}))
    assert found.values == {**variables, "DB": "127.0.0.1:5432"}
    assert found.missing == (CACHE,)


def test_http_may_go_through_traefik_and_nothing_else_does() -> None:
    ways = Ways(origins={WEB: "web.shop.localhost:8080"})
    found = here({"A": "http://web.shop-web:8000/x", "B": "web.shop-web:8000"}, ways)
    assert found.values == {"A": "http://web.shop.localhost:8080/x", "B": "web.shop-web:8000"}
    assert found.missing == (WEB,)


def test_what_ports_and_names_of_this_machine_lead_to_is_known() -> None:
    published = service("postgres", {"port": 5432, "nodePort": 30432}, namespace=DATA)
    assert published_places([published, service("cache", 6379)], {30432: 15432, 30080: 8080}) == {POSTGRES: 15432}


@pytest.mark.parametrize(
    ("match", "spec", "known"),
    [
        ("Host(`api.shop.localhost`)", {"entryPoints": ["web", "websecure"]}, ["api.shop.localhost:8080"]),
        ("Host(`api.shop.localhost`) && PathPrefix(`/v1`)", {}, []),
        ("Host(`api.shop.localhost`)", {"tls": {}}, []),
        ("Host(`api.shop.localhost`)", {"entryPoints": ["websecure"]}, []),
    ],
)
def test_a_host_name_stands_for_a_service_where_all_of_it_leads_there(
    match: str, spec: dict[str, Any], known: list[str]
) -> None:
    route = ingress_route(match, {"name": "api", "port": "http"}, **spec)
    route["metadata"]["namespace"] = APPS
    found = places_behind_traefik([service("api", {"port": 80, "name": "http"})], [route], 8080)
    assert list(found.values()) == known


def test_what_is_changed_on_its_way_is_not_the_service() -> None:
    route = ingress_route("Host(`api.shop.localhost`)", {"name": "api", "port": 80})
    route["metadata"]["namespace"] = APPS
    route["spec"]["routes"][0]["middlewares"] = [{"name": "strip"}]
    assert places_behind_traefik([service("api", 80)], [route], 8080) == {}


def test_a_service_that_asks_itself_asks_its_process_here() -> None:
    leading = service("api", {"port": 80, "targetPort": "web"}, {"port": 90, "protocol": "UDP"})
    (port,) = service_ports({"containers": [pod()["containers"][0]]}, pod()["containers"][0], [leading])[:1]
    routes = [Route(port, 3000)]
    assert own_places([leading], routes) == {Place(APPS, "api", 80): 3000}
    assert with_own_port({"PORT": "8080", "OTHER": "8080"}, routes) == {"PORT": "3000", "OTHER": "8080"}
    assert with_own_port({"PORT": "9999"}, routes) == {"PORT": "9999"}


def pod() -> dict[str, Any]:
    asked = {"tcpSocket": {"port": 1}}
    return {
        "containers": [
            {
                "name": "api",
                "image": "api:1",
                "args": ["serve"],
                "env": [{"name": "A", "value": "b"}],
                "envFrom": [{"secretRef": {"name": "s"}}],
                "ports": [{"containerPort": 8080, "name": "web"}, {"containerPort": 9090, "name": "metrics"}],
                "readinessProbe": asked,
                "livenessProbe": asked,
                "lifecycle": {"preStop": {}},
                "securityContext": {"runAsNonRoot": True},
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            },
            {"name": "proxy", "image": "proxy:1", "ports": [{"containerPort": 8443}], "readinessProbe": asked},
        ],
        "initContainers": [{"name": "migrate"}, {"name": "beside", "restartPolicy": "Always"}],
        "volumes": [{"name": "data", "emptyDir": {}}],
    }


def test_the_ports_of_a_service_are_called_as_people_call_them() -> None:
    leading = service("api", {"port": 80, "name": "http", "targetPort": "web"}, {"port": 443, "targetPort": 8443})
    found = service_ports(pod(), pod()["containers"][0], [leading])
    assert found == [ServicePort(8080, ("http", "80", "web", "8080")), ServicePort(9090, ("metrics", "9090"))]
    assert [port.name for port in found] == ["http", "metrics"]


def test_a_service_may_lead_to_what_no_container_declares() -> None:
    bare: dict[str, Any] = {"containers": [{"name": "api"}]}
    found = service_ports(bare, bare["containers"][0], [service("api", {"port": 80, "targetPort": 8000}, 9000)])
    assert [port.number for port in found] == [8000, 9000]


PORTS = [ServicePort(8080, ("http", "80", "8080")), ServicePort(9000, ("grpc", "9000"))]


@pytest.mark.parametrize(
    ("asked", "routes"),
    [
        ([], {8080: 8080, 9000: 9000}),
        (["3000"], {8080: 3000}),
        (["3000", "grpc=3001"], {8080: 3000, 9000: 3001}),
        (["80=3000"], {8080: 3000}),
        (["9000=65535"], {9000: 65535}),
    ],
)
def test_ports_go_where_they_are_told_to(asked: list[str], routes: dict[int, int]) -> None:
    assert {route.port.number: route.local for route in chosen_routes(asked, PORTS, "api")} == routes


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        ("0", "0 is no port of this machine", "1 to 65535"),
        ("65536", "65536 is no port of this machine", "1 to 65535"),
        ("http=", "http= is no port of this machine", "--port 3000"),
        ("web", "web is no port of this machine", "--port 3000"),
        ("gprc=3000", "api has no port gprc", "grpc"),
    ],
)
def test_a_port_that_cannot_be_meant_is_told(asked: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        chosen_routes([asked], PORTS, "api")
    assert refused.value.message == message
    assert hint in refused.value.hint


def test_a_port_is_asked_for_once() -> None:
    with pytest.raises(UsageError, match="port http of api is asked for twice"):
        chosen_routes(["3000", "80=3001"], PORTS, "api")


def test_what_nothing_comes_to_cannot_be_intercepted() -> None:
    with pytest.raises(NotInterceptableError, match="nothing comes to worker"):
        chosen_routes(["3000"], [], "worker")


def test_the_interceptor_has_the_containers_place_and_its_user_and_mounts() -> None:
    before = {"metadata": {"labels": {"app": "api"}}, "spec": pod()}
    made = Interception("api", "interceptor:1", [8080, 20110], "word").template(before)
    api, proxy = made["spec"]["containers"]

    assert before == {"metadata": {"labels": {"app": "api"}}, "spec": pod()}
    assert made["metadata"] == {"labels": {"app": "api"}, "annotations": {ANNOTATION_BORROWED: "intercept"}}
    assert api["command"] == [f"{FOLDER}/interceptor", "20111", "8080", "20110"]
    assert api["env"] == [{"name": "DEVENV_INTERCEPTOR_TOKEN", "value": "word"}]
    kept = {"name", "image", "ports", "securityContext", "volumeMounts"}
    assert set(api) == {*kept, "command", "env"}
    assert api["volumeMounts"][0] == {"name": "data", "mountPath": "/data"}
    assert proxy == pod()["containers"][1]
    assert [each["name"] for each in made["spec"]["initContainers"]] == ["devenv-interceptor", "beside"]


def test_the_variables_are_those_that_the_container_has() -> None:
    data = {
        ("Secret", "login"): {"user": "shop", "password": "p$w"},
        ("ConfigMap", "settings"): {"LEVEL": "debug", "COLOUR": "red"},
    }
    container = {
        "envFrom": [{"configMapRef": {"name": "settings"}, "prefix": "APP_"}, {"secretRef": {"name": "login"}}],
        "env": [
            {"name": "APP_COLOUR", "value": "blue"},
            {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}},
            {"name": "URL", "value": "redis://:$(PASSWORD)@cache/$$(LEVEL)"},
            {"name": "UNKNOWN", "value": "$(NOWHERE)"},
            {"name": "EMPTY"},
            {"name": "GONE", "valueFrom": {"configMapKeyRef": {"name": "gone", "key": "x", "optional": True}}},
            {"name": "PLACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
            {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            {"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}},
        ],
    }
    found = container_variables(
        container, data, PodFacts("api", APPS, {"metadata": {"labels": {"app": "api"}}, "spec": {}})
    )

    assert found.values == {
        "APP_LEVEL": "debug",
        "APP_COLOUR": "blue",
        "user": "shop",
        "password": "p$w",
        "PASSWORD": "p$w",
        "URL": "redis://:p$w@cache/$(LEVEL)",
        "UNKNOWN": "$(NOWHERE)",
        "EMPTY": "",
        "PLACE": APPS,
        "APP": "api",
    }
    assert found.secret == {"user", "password", "PASSWORD", "URL"}
    assert found.left_out == ("NODE", "MEMORY")


def test_a_url_with_a_password_is_one_wherever_it_comes_from() -> None:
    container = {
        "env": [{"name": "URL", "value": "postgres://u:p@db/x"}, {"name": "API", "value": "http://api:80/a@b"}]
    }
    found = container_variables(container, {}, PodFacts("api", APPS, {"spec": {}}))
    assert found.secret == {"URL"}
