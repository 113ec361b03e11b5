"""Host names of copies, and addresses of this machine in the words of pods."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.service_copies import HOSTS, LIVE, OWN, TARGET, ingress, ingress_route, service

from devenv.databases.address import Address
from devenv.errors import UsageError
from devenv.runtime.service_copies.addresses import inside, places, translated
from devenv.runtime.service_copies.pointing import Target, point
from devenv.runtime.service_copies.routes import copied_routes, copied_service

NODE_PORT = 30432


@pytest.mark.parametrize(
    ("match", "copied"),
    [
        ("Host(`backend.shop.localhost`)", "Host(`backend-3f2a9c.shop.localhost`)"),
        (
            'Host("backend.shop.localhost") && PathPrefix(`/api`)',
            "Host(`backend-3f2a9c.shop.localhost`) && PathPrefix(`/api`)",
        ),
        (
            "Host(`a.shop.localhost`, `b.shop.localhost`)",
            "Host(`a-3f2a9c.shop.localhost`, `b-3f2a9c.shop.localhost`)",
        ),
        ("Host(`a.b.shop.localhost`)", "Host(`a-3f2a9c.b.shop.localhost`)"),
        ("Host(`api.example.com`)", "Host(`api-3f2a9c.shop.localhost`)"),
        ("PathPrefix(`/api`)", "Host(`api-3f2a9c.shop.localhost`) && (PathPrefix(`/api`))"),
        ("HostRegexp(`^(a|b)\\.shop\\.localhost$`)", "Host(`api-3f2a9c.shop.localhost`)"),
    ],
)
def test_a_rule_is_the_originals_with_other_hosts(match: str, copied: str) -> None:
    route = ingress_route(match, entryPoints=["web"])
    found = copied_routes([route], [service()], HOSTS)
    (item,) = found.objects
    assert item["spec"]["routes"][0]["match"] == copied
    assert item["spec"]["routes"][0]["services"] == [{"name": "api-3f2a9c", "port": "http"}]
    assert all(f"`{host}`" in copied for _, host in found.addresses)


def test_tls_is_the_originals_and_asks_for_no_certificate() -> None:
    tls = {"secretName": "own", "domains": [{"main": "backend.shop.localhost"}], "certResolver": "acme"}
    found = copied_routes([ingress_route("Host(`backend.shop.localhost`)", tls=tls)], [service()], HOSTS)
    assert found.objects[0]["spec"]["tls"] == {"secretName": "own"}
    assert found.addresses == (("https", "backend-3f2a9c.shop.localhost"),)


def test_an_ingress_is_copied_with_its_certificates() -> None:
    route = ingress("backend.shop.localhost", tls=[{"hosts": ["backend.shop.localhost"], "secretName": "own"}])
    found = copied_routes([route], [service()], HOSTS)
    (item,) = found.objects
    (rule,) = item["spec"]["rules"]
    assert rule["host"] == "backend-3f2a9c.shop.localhost"
    assert rule["http"]["paths"][0]["backend"]["service"] == {"name": "api-3f2a9c", "port": {"name": "http"}}
    assert item["spec"]["tls"] == [{"hosts": ["backend-3f2a9c.shop.localhost"], "secretName": "own"}]


def test_a_service_of_a_copy_takes_no_port_of_the_node() -> None:
    ports = [{"name": "http", "port": 80, "nodePort": 30080}]
    found = copied_service(
        service(type="NodePort", clusterIP="10.0.0.1", clusterIPs=["10.0.0.1"], ports=ports), HOSTS.identity
    )
    assert found["spec"] == {
        "type": "ClusterIP",
        "publishNotReadyAddresses": True,
        "selector": {"devenv.io/copy": "3f2a9c"},
        "ports": [{"name": "http", "port": 80}],
    }
    headless = copied_service(service(clusterIP="None", clusterIPs=["None"]), HOSTS.identity)
    assert headless["spec"]["clusterIP"] == "None"


def test_what_no_service_leads_to_has_no_address() -> None:
    assert copied_routes([], [], HOSTS).addresses == ()


# addresses

POSTGRES = service("postgres", "shop-database", {"app": "pg"}, ports=[{"port": 5432, "nodePort": NODE_PORT}])
TRAEFIK = service("traefik", "traefik", {"app": "t"}, ports=[{"name": "web", "port": 80, "nodePort": 30080}])
KNOWN = places(
    [POSTGRES, TRAEFIK, service()],
    [ingress_route("Host(`backend.shop.localhost`)")],
    {NODE_PORT: 5433, 30080: 8080, 30443: 8443},
    (8080, 8443),
)


def test_a_database_of_this_machine_is_a_service_to_pods() -> None:
    address = Address("postgres", "127.0.0.1", 5433, "shop_clone", "shop", "pw")
    assert inside(address, NODE_PORT, [TRAEFIK, POSTGRES]) == replace(address, host="postgres.shop-database", port=5432)
    assert inside(address, 31000, [TRAEFIK, POSTGRES]) is None


@pytest.mark.parametrize(
    ("outside", "within"),
    [
        ("postgresql://a:b@127.0.0.1:5433/own", "postgresql://a:b@postgres.shop-database:5432/own"),
        ("localhost:5433", "postgres.shop-database:5432"),
        ("http://backend.shop.localhost:8080/items", "http://api.shop-apps:80/items"),
        ("https://backend.shop.localhost:8443/items", "http://api.shop-apps:80/items"),
        ("127.0.0.1:54330", "127.0.0.1:54330"),
        ("10.127.0.0.1:5433", "10.127.0.0.1:5433"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_addresses_of_this_machine_are_put_into_the_words_of_pods(outside: str, within: str) -> None:
    assert translated(outside, KNOWN) == within


# which variables lead to a database

LOGIN = "shop:s3cret%2F%2B"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"postgresql://{LOGIN}@{LIVE.host}:5432/shop", f"postgresql://{LOGIN}@{LIVE.host}:5432/{OWN.name}"),
        (
            f"postgres://{LOGIN}@{LIVE.host}/shop?sslmode=disable",
            f"postgres://{LOGIN}@{LIVE.host}/{OWN.name}?sslmode=disable",
        ),
        (
            f"jdbc:postgresql://{LIVE.host}.svc.cluster.local:5432/shop",
            f"jdbc:postgresql://{LIVE.host}.svc.cluster.local:5432/{OWN.name}",
        ),
        (f"host={LIVE.host} user=shop dbname=shop", f"host={LIVE.host} user=shop dbname={OWN.name}"),
        (
            f"shop:x@tcp({LIVE.host}:3306)/shop?parseTime=true",
            f"shop:x@tcp({LIVE.host}:3306)/{OWN.name}?parseTime=true",
        ),
    ],
)
def test_an_address_leads_to_the_tests_own_database(before: str, after: str) -> None:
    assert point({"X": before}, [TARGET], {}, "shop-apps") == {"X": after}


@pytest.mark.parametrize(
    "value",
    [
        "postgres://other.shop-database:5432/shop",
        "postgres://postgres.shop-database-2:5432/shop",
        "postgres://postgres.shop-database.example.com/shop",
        "postgres://postgres/shop",
        f"http://{LIVE.host}/shopping",
        "shop",
    ],
)
def test_what_only_looks_like_it_is_left_alone(value: str) -> None:
    assert point({"X": value, "HOST": LIVE.host}, [TARGET], {}, "shop-apps") == {}


def test_the_short_name_counts_where_it_is_known() -> None:
    assert point({"X": "postgres://postgres/shop"}, [TARGET], {}, "shop-database") == {
        "X": f"postgres://postgres/{OWN.name}"
    }


def test_a_login_of_its_own_comes_with_it() -> None:
    own = replace(OWN, user="test", password="p@ss")  # noqa: S106 -- of no server
    before = f"postgresql://{LOGIN}@{LIVE.host}:5432/shop"
    found = point({"URL": before, "PASSWORD": LIVE.password}, [Target("postgres", LIVE, own)], {}, "shop-apps")
    assert found == {"URL": f"postgresql://test:p%40ss@{LIVE.host}:5432/{OWN.name}", "PASSWORD": "p@ss"}


@pytest.mark.parametrize("name", ["DATABASE_NAME", "DB_NAME", "PGDATABASE", "POSTGRES_DB", "app.db.name"])
def test_a_name_beside_a_host_is_the_databases(name: str) -> None:
    assert point({name: "shop", "PGHOST": LIVE.host, "APP": "shop"}, [TARGET], {}, "shop-apps") == {name: OWN.name}


REDIS = Address("redis", "redis.shop-database", 6379, "0", "default", "pw")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("redis://default:pw@redis.shop-database:6379/0", "redis://default:pw@redis.shop-database:6379/17"),
        ("redis://redis.shop-database", "redis://redis.shop-database/17"),
        ("rediss://redis.shop-database:6379/?ssl=1", "rediss://redis.shop-database:6379/17?ssl=1"),
        ("redis://redis.shop-database:6379/3", "redis://redis.shop-database:6379/3"),
    ],
)
def test_a_logical_database_is_another_also_where_none_is_said(before: str, after: str) -> None:
    target = Target("redis", REDIS, replace(REDIS, name="17"))
    assert point({"X": before}, [target], {}, "shop-apps") == ({} if before == after else {"X": after})


def test_an_account_is_another_user_beside_the_host() -> None:
    nats = Address("nats", "nats.nats-system", 4222, "APPLICATIONS", "shop", "pw")
    target = Target("nats", nats, replace(nats, name="DEVENV_TEST_1", user="devenv-test-1"))
    known = {"NATS_URL": "nats://nats.nats-system:4222", "NATS_USER": "shop", "PG_HOST": LIVE.host, "PG_USER": "shop"}
    assert point(known, [target, replace(TARGET, own=None)], {}, "shop-apps") == {"NATS_USER": "devenv-test-1"}


MYSQL = Target("mysql", Address("mysql", "mysql.shop-database", 3306, "shop", "shop", "pw"))


def test_of_two_databases_of_one_name_each_has_the_variable_beside_it() -> None:
    variables = {"MYSQL_HOST": MYSQL.live.host, "MYSQL_DATABASE": "shop", "PG_HOST": LIVE.host, "PG_DATABASE": "shop"}
    assert point(variables, [MYSQL, TARGET], {}, "shop-apps") == {"PG_DATABASE": OWN.name}


def test_what_may_be_meant_for_two_has_to_be_said() -> None:
    variables = {"A": MYSQL.live.host, "B": LIVE.host, "DB_NAME": "shop"}
    with pytest.raises(UsageError, match="DB_NAME may be of database mysql or postgres"):
        point(variables, [MYSQL, TARGET], {}, "shop-apps")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("orders", "own"),
        ("http://sqs.localhost:4566/000000000000/orders", "http://sqs.localhost:4566/000000000000/own"),
        ("arn:aws:sqs:us-east-1:000000000000:orders", "arn:aws:sqs:us-east-1:000000000000:own"),
        ("orders-dead", "orders-dead"),
        ("/orders", "/orders"),
    ],
)
def test_names_of_aws_resources_become_the_tests_own(before: str, after: str) -> None:
    found = point({"X": before}, [], {"orders": "own"}, "shop-apps")
    assert found == ({} if before == after else {"X": after})
