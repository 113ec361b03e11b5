"""What databases of devenv.yaml come to as stacks."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.services import DATABASES, EVERYTHING, load, write_project

from devenv.spec.workspace import Workspace


def test_a_database_is_a_stack_of_its_engine(everything: Workspace) -> None:
    stack = everything.stacks["order-book"]
    database = stack.spec.database

    assert database is not None
    assert (database.workload, database.name, database.user) == ("statefulset/order-book", "order_book", "order_book")
    assert stack.spec.values["database"] == "order_book"
    assert stack.spec.namespace == "shop-database"
    assert stack.profile_values == everything.stacks["postgres"].profile_values
    assert [secret.name for secret in everything.seeds.secrets if secret.name == "shop-database/order-book"]


def test_each_database_has_a_port_of_its_own(everything: Workspace) -> None:
    ports = [everything.stacks[name].spec.database for name in ("shop", "order-book", "django", "plain")]

    assert [database.node_port for database in ports if database] == [30600, 30601, 30602, 30603]


@pytest.mark.parametrize(
    ("name", "migrations", "images"),
    [
        ("shop", {"checksums": False}, ["atlas", "postgres"]),
        ("order-book", None, ["atlas", "postgres"]),
        ("plain", {"enabled": False}, ["postgres"]),
    ],
)
def test_migrations_of_a_database(everything: Workspace, name: str, migrations: object, images: list[str]) -> None:
    spec = everything.stacks[name].spec

    assert spec.values.get("migrations") == migrations
    assert sorted(spec.images) == images


def test_a_program_migrates_a_database(everything: Workspace) -> None:
    spec = everything.stacks["django"].spec

    assert spec.values["migrations"]["command"] == ["python", "manage.py", "migrate"]
    assert spec.values["migrations"]["env"] == [{"name": "DEBUG", "value": "true"}]
    assert spec.images["worker"].repository == "migrations.image.repository"
    assert spec.database is not None
    assert spec.database.migrations is None


def test_a_program_of_the_servers_own_image_migrates_a_database(tmp_path: Path) -> None:
    text = "project: shop\ndatabases: {shop: {engine: mysql, migrations: {image: mysql, command: [mysql]}}}\n"
    (image,) = load(tmp_path, text).stacks["shop"].spec.images.values()

    assert [image.repository, *(place.repository for place in image.also)] == [
        "image.repository",
        "migrations.image.repository",
    ]


def test_the_projects_own_seeds_go_over_those_of_a_database(tmp_path: Path) -> None:
    text = "project: shop\nseeds: [own.yaml]\ndatabases: {shop: {engine: postgres}}\n"
    own = "secrets: [{name: shop-database/shop, value: {username: shop, password: known}}]\n"
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    (secret,) = [s for s in load(tmp_path, text).seeds.secrets if s.name == "shop-database/shop"]

    assert secret.value == {"username": "shop", "password": "known"}


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("rows", "mysql://{username}:{password}@rows.shop-database:3306/stock"),
        ("events", "http://{username}:{password}@events.shop-database:8123/events"),
        ("cache", "redis://{username}:{password}@cache.shop-database:6379/3"),
        ("open-cache", "redis://{username}:{password}@open-cache.shop-database:6379/0"),
        ("bus", "nats://{username}:{password}@bus.shop-database:4222"),
    ],
)
def test_a_url_is_as_the_clients_of_the_engine_take_it(tmp_path: Path, name: str, url: str) -> None:
    services = yaml.safe_load(EVERYTHING) | {"services": {"api": {"build": "api", "env": {"U": {"database": name}}}}}
    workspace = load(write_project(tmp_path, ""), yaml.safe_dump(services))

    assert workspace.stacks["api"].spec.values["secrets"]["U"]["template"] == url
    assert name in workspace.stacks["api"].spec.needs


def test_databases_of_each_engine_are_called_as_its_servers_have_it(everything: Workspace) -> None:
    found = {name: everything.stacks[name].spec for name in DATABASES}
    databases = {name: spec.database for name, spec in found.items()}

    assert {name: (each.engine, each.name, each.user) for name, each in databases.items() if each} == {
        "shop": ("postgres", "shop", "shop"),
        "order-book": ("postgres", "order_book", "order_book"),
        "django": ("postgres", "django", "django"),
        "plain": ("postgres", "plain", "plain"),
        "rows": ("mysql", "stock", "clerk"),
        "node": ("mysql", "node", "node"),
        "bare": ("mysql", "bare", "bare"),
        "events": ("clickhouse", "events", "events"),
        "hits": ("clickhouse", "hits", "hits"),
        "cache": ("redis", "3", "default"),
        "open-cache": ("redis", "0", "default"),
        "bus": ("nats", "APPLICATIONS", "bus"),
        "open-bus": ("nats", "APPLICATIONS", "shop"),
    }
    assert {name: sorted(spec.images) for name, spec in found.items() if name in ("rows", "bare", "hits", "bus")} == {
        "rows": ["flyway", "mysql"],
        "bare": ["mysql"],
        "hits": ["clickhouse", "clickhouse-migrate"],
        "bus": ["nats"],
    }
    assert [name for name, spec in found.items() if spec.values["credentials"].get("open")] == [
        "open-cache",
        "open-bus",
    ]
    for engine in ("mysql", "redis", "clickhouse", "nats"):
        own = next(name for name, database in databases.items() if database and database.engine == engine)
        assert everything.stacks[own].profile_values == everything.stacks[engine].profile_values


@pytest.mark.parametrize("engine", ["postgres", "mysql", "clickhouse"])
def test_the_owner_is_called_like_the_database_in_its_server_unless_it_is_named(tmp_path: Path, engine: str) -> None:
    written = {"shop": {"engine": engine, "name": "stock"}}
    named = {"engine": engine, "name": "stock", "user": "clerk"}
    workspace = load(tmp_path, yaml.safe_dump({"project": "p", "databases": {**written, "other": named}}))

    owners = {name: found.user for name in ("shop", "other") if (found := workspace.stacks[name].spec.database)}
    assert owners == {"shop": "stock", "other": "clerk"}


def test_roots_password_of_mysql_is_made_whatever_the_owners_is(everything: Workspace) -> None:
    (secret,) = everything.stacks["bare"].spec.secrets

    assert isinstance(secret.value, dict)
    assert secret.value["password"] == "known"  # noqa: S105 -- of the test's project
    assert not isinstance(secret.value["root_password"], str)


def test_roots_password_of_mysql_is_the_one_that_is_given(tmp_path: Path) -> None:
    workspace = load(tmp_path, "project: shop\ndatabases: {stock: {engine: mysql, root_password: theirs}}\n")

    (secret,) = workspace.stacks["stock"].spec.secrets

    assert isinstance(secret.value, dict)
    assert secret.value["root_password"] == "theirs"  # noqa: S105 -- of the test's project
    assert not isinstance(secret.value["password"], str)
