"""Databases of a Compose file that devenv's own take the place of."""

from __future__ import annotations

from pathlib import Path

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
          two: {image: "mysql:8"}
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
        "two.image: databases of devenv.yaml have no mysql; it runs from its image",
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
