"""Databases of a Compose file that devenv's own take the place of."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.compose import imported, notes_of

from devenv.spec.seeds import Secret

PROJECT = "project: shop\nimports: {compose: compose.yaml, databases: built-in}\n"
NO_NAME = (
    "the database postgres is each server's own, and cannot be reset; "
    "it runs from its image; POSTGRES_DB: NAME names another one"
)


def test_a_database_keeps_name_user_password_and_folder_of_sql(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        services:
          api: {image: api, depends_on: [main-db], environment: {URL: "postgresql://shop:p%40ss@main-db/orders"}}
          main-db:
            image: postgres:16-alpine
            environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: p@ss, POSTGRES_DB: orders}
            volumes: ["./sql:/docker-entrypoint-initdb.d", "data:/var/lib/postgresql/data"]
            command: -c max_connections=200
        """,
        {"sql/001_orders.sql": "CREATE TABLE orders (id int);\n"},
        PROJECT,
    )
    stack = workspace.stacks["main-db"].spec

    assert "main-db" not in workspace.project.services
    assert stack.database
    assert (stack.database.engine, stack.database.name, stack.database.user) == ("postgres", "orders", "shop")
    assert stack.database.migrations == "sql"
    assert stack.namespace == workspace.stacks["api"].spec.namespace == "shop-compose"
    value = {"username": "shop", "password": "p@ss"}
    assert stack.secrets == (Secret(name="shop-compose/main-db", value=dict(value)),)
    assert workspace.stacks["api"].spec.needs == ("namespaces", "main-db")
    assert notes_of(workspace) == [
        "compose.yaml:4: services.main-db.image: postgres:16-alpine is not run; it is devenv's own PostgreSQL",
        "compose.yaml:7: services.main-db.command: command is not carried over; it is devenv's own PostgreSQL",
    ]


def test_what_devenv_has_no_database_for_runs_from_its_image(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path,
        """\
        services:
          one: {image: postgres, environment: {POSTGRES_PASSWORD: x}}
          two: {image: "mongo:8"}
          three: {build: ., image: postgres, environment: {POSTGRES_DB: three}}
          four:
            image: postgres
            environment: [POSTGRES_DB=four]
            volumes: ["./init:/docker-entrypoint-initdb.d"]
        """,
        {"init/a.sql": "SELECT 1;\n", "init/b.sh": "true\n"},
        PROJECT,
    )

    assert set(workspace.project.services) == {"one", "two", "three"}
    assert set(workspace.project.databases) == {"four"}
    assert workspace.project.databases["four"].user == "postgres"
    assert [line.partition(": services.")[2] for line in notes_of(workspace)] == [
        f"one.image: {NO_NAME}",
        "two.image: databases of devenv.yaml have no mongo; it runs from its image",
        "three.build: an image of its own is no built-in database; it runs from its image",
        "four.image: postgres is not run; it is devenv's own PostgreSQL",
        "four.volumes[0]: ./init is not run; in a folder of *.sql alone its files would be migrations",
    ]


def test_a_built_in_stack_that_nobody_uses_gives_its_name_away(tmp_path: Path) -> None:
    workspace = imported(
        tmp_path, "services: {redis: {image: redis}, grafana: {image: grafana}, postgres: {image: x}}\n"
    )

    assert {"redis", "grafana", "postgres"} <= set(workspace.selected)
    assert not any(workspace.stacks[name].builtin for name in ("redis", "grafana", "postgres"))


ENGINES = """\
services:
  api:
    image: api
    environment:
      ROWS: mysql://clerk:p%40ss@rows:3306/stock
      EVENTS: http://clerk:secret@events:8123/clicks
  rows:
    image: mysql:5.7
    environment: {MYSQL_DATABASE: stock, MYSQL_USER: clerk, MYSQL_PASSWORD: p@ss, MYSQL_ROOT_PASSWORD: r}
    volumes: ["./init:/docker-entrypoint-initdb.d:ro"]
  bare: {image: "mysql:8", environment: {MYSQL_DATABASE: bare, MYSQL_ROOT_PASSWORD: r}}
  more:
    image: mariadb
    environment: {MARIADB_DATABASE: more, MARIADB_USER: clerk, MARIADB_PASSWORD: p, MARIADB_RANDOM_ROOT_PASSWORD: 1}
    volumes: ["./flyway:/docker-entrypoint-initdb.d"]
  events:
    image: clickhouse/clickhouse-server
    environment: {CLICKHOUSE_DB: clicks, CLICKHOUSE_USER: clerk, CLICKHOUSE_PASSWORD: secret}
    volumes: ["./numbered:/docker-entrypoint-initdb.d"]
  cache: {image: "redis:7", command: redis-server --save 60 1 --appendonly yes, volumes: ["cache:/data"]}
  safe: {image: valkey/valkey, command: [sh, -c, 'exec valkey-server --requirepass "$$PW"'], environment: {PW: x y}}
  bus: {image: "nats:2", command: [-js, -m, "8222"]}
  own: {image: nats, command: "--user shop --pass secret"}
volumes: {cache: }
"""
SCRIPTS = {
    "init/items.sql": "CREATE TABLE items (id int);\n",
    "flyway/V1__items.sql": "CREATE TABLE items (id int);\n",
    "numbered/001_clicks.sql": "CREATE TABLE clicks (id Int32) ENGINE = MergeTree ORDER BY id;\n",
}


def test_databases_of_other_engines_keep_what_others_say_of_them(tmp_path: Path) -> None:
    workspace = imported(tmp_path, ENGINES, SCRIPTS, PROJECT)
    made = {
        name: each.model_dump(exclude_unset=True, exclude={"namespace"})
        for name, each in workspace.project.databases.items()
    }

    assert made == {
        "rows": {
            "engine": "mysql",
            "name": "stock",
            "user": "clerk",
            "password": "p@ss",
            "root_password": "r",
            "seeds": "init",
        },
        "bare": {"engine": "mysql", "name": "bare", "root_password": "r"},
        "more": {"engine": "mysql", "name": "more", "user": "clerk", "password": "p", "migrations": "flyway"},
        "events": {
            "engine": "clickhouse",
            "name": "clicks",
            "user": "clerk",
            "password": "secret",
            "migrations": "numbered",
        },
        "cache": {"engine": "redis", "password": False},
        "safe": {"engine": "redis", "password": "x y"},
        "bus": {"engine": "nats", "password": False},
        "own": {"engine": "nats", "user": "shop", "password": "secret"},
    }
    assert {workspace.stacks[name].spec.namespace for name in made} == {"shop-compose"}
    assert [line.partition(": services.")[2] for line in notes_of(workspace)] == [
        "rows.image: mysql:5.7 is not run; it is devenv's own MySQL",
        "bare.image: mysql:8 is not run; it is devenv's own MySQL",
        "more.image: mariadb is not run; it is devenv's own MySQL",
        "events.image: clickhouse/clickhouse-server is not run; it is devenv's own ClickHouse",
        "cache.image: redis:7 is not run; it is devenv's own Redis",
        "cache.command: command is not carried over (and line 21); it is devenv's own Redis",
        "safe.image: valkey/valkey is not run; it is devenv's own Redis",
        "bus.image: nats:2 is not run; it is devenv's own NATS",
        "bus.command: command is not carried over (and line 23); it is devenv's own NATS",
        "own.image: nats is not run; it is devenv's own NATS",
    ]


RUN = "it runs from its image"


@pytest.mark.parametrize(
    ("service", "told"),
    [
        (
            "{image: mysql, environment: {MYSQL_DATABASE: a, MYSQL_ALLOW_EMPTY_PASSWORD: 1}}",
            "image: a database of devenv's has a",
        ),
        (
            "{image: mysql, environment: {MYSQL_DATABASE: App, MYSQL_USER: b, MYSQL_PASSWORD: c}}",
            "image: devenv's own database cannot be called App",
        ),
        (
            "{image: clickhouse/clickhouse-server}",
            "image: a database of devenv's has a name, and an owner with a password",
        ),
        ("{image: redis, command: redis-server /etc/redis.conf}", "command: devenv's own Redis does not do what /etc"),
        ("{image: redis, command: --loadmodule /x.so}", "command: devenv's own Redis has no loadmodule"),
        ("{image: redis, entrypoint: /run.sh}", "entrypoint: what it starts with is its own"),
        ("{image: nats, command: -c /etc/nats.conf}", "command: devenv's own NATS does not do what -c says"),
    ],
)
def test_what_devenvs_own_would_not_do_keeps_the_image(tmp_path: Path, service: str, told: str) -> None:
    workspace = imported(tmp_path, f"services:\n  db: {service}\n", None, PROJECT)

    assert set(workspace.project.services) == {"db"}
    (note,) = notes_of(workspace)
    assert note.partition(": services.db.")[2].startswith(told)
    assert RUN in note


@pytest.mark.parametrize(
    ("image", "url", "told"),
    [
        ("nats", "http://db:8222/varz", "devenv's own NATS answers on 4222 alone, and others speak of 8222"),
        (
            "clickhouse",
            "clickhouse://a:b@db:9000/c",
            "devenv's own ClickHouse answers on 8123 alone, and others speak of 9000",
        ),
    ],
)
def test_who_is_asked_at_a_port_that_devenvs_own_does_not_have_keeps_the_image(
    tmp_path: Path, image: str, url: str, told: str
) -> None:
    variables = "{CLICKHOUSE_DB: c, CLICKHOUSE_USER: a, CLICKHOUSE_PASSWORD: b}"
    compose = f"services:\n  api: {{image: api, environment: {{URL: '{url}'}}}}\n"
    workspace = imported(tmp_path, f"{compose}  db: {{image: {image}, environment: {variables}}}\n", None, PROJECT)

    assert set(workspace.project.services) == {"api", "db"}
    assert [line.partition(": services.db.image: ")[2] for line in notes_of(workspace)] == [f"{told}; {RUN}"]
