"""A project is begun from what a folder holds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from support.begun_projects import DATA, GO_DOCKERFILE, begin, load, told, write, written

MONOREPO = {
    "services/api/Dockerfile": GO_DOCKERFILE,
    "services/api/main.go": 'os.Getenv("DATABASE_URL")\n',
    "services/web/Dockerfile": "ARG NODEJS\nFROM ${NODEJS}\nEXPOSE 3000 3000 9229\nVOLUME /data /tmp\n",
    "services/web/Dockerfile.dev": "FROM node\n",
    "services/jobs/Dockerfile": "FROM alpine\nCOPY services/jobs/run.sh /\n",
    "services/jobs/run.sh": "echo\n",
    "postgres/Dockerfile": "FROM postgres:15\nEXPOSE 5432/tcp 53/udp\n",
    "db/migrations/001_items.sql": "CREATE TABLE items (id int);\n",
    "db/seeds/items.sql": "INSERT INTO items VALUES (1);\n",
    "tests/Dockerfile": "FROM alpine\n",
    "node_modules/x/Dockerfile": "FROM alpine\n",
    ".git/Dockerfile": "FROM alpine\n",
}


def test_dockerfiles_of_a_monorepo(tmp_path: Path) -> None:
    done = begin(tmp_path, MONOREPO)

    found = written(tmp_path)
    assert found["services"] == {
        "shop-postgres": {"build": "postgres", "port": 5432},
        "api": {
            "build": "services/api",
            "port": 8080,
            "health": "/healthz",
            "env": {"DATABASE_URL": {"database": "shop"}},
        },
        "jobs": {"build": {"context": ".", "dockerfile": "services/jobs/Dockerfile"}},
        "web": {
            "build": {"context": "services/web", "bases": {"NODEJS": "nodejs"}},
            "ports": {"http": 3000, "port-9229": {"port": 9229, "protocol": "tcp"}},
            "volumes": {"/data": "1Gi"},
        },
    }
    assert found["databases"] == {"shop": {"engine": "postgres", "migrations": "db/migrations", "seeds": "db/seeds"}}
    assert set(load(tmp_path).project.services) == {"api", "web", "jobs", "shop-postgres"}
    places = [line.partition(": ")[0] for line in told(done)]
    assert places == [
        "tests/Dockerfile:1",
        "services/web/Dockerfile.dev:1",
        "postgres/Dockerfile:2",
        "services/jobs/Dockerfile:1",
    ]


def test_compose(tmp_path: Path) -> None:
    done = begin(
        tmp_path,
        {
            "docker-compose.yml": "services:\n  web:\n    build: web\n  db:\n    image: postgres:15\n",
            "compose.override.yaml": "services: {}\n",
            "web/Dockerfile": GO_DOCKERFILE,
            "extra/Dockerfile": "FROM alpine\nEXPOSE 80\n",
        },
    )

    found = written(tmp_path)
    assert found["imports"] == {"compose": "docker-compose.yml"}
    assert found["services"] == {"extra": {"build": "extra", "port": 80}}
    assert load(tmp_path).project.project == "shop"
    assert (
        "compose.override.yaml:1: it is not imported; imports: {compose: [docker-compose.yml, compose.override.yaml]}"
        in (told(done))
    )


def test_a_compose_file_that_cannot_be_imported_is_told_and_its_dockerfiles_are_services(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    root = tmp_path / "shop"
    root.mkdir()
    write(tmp_path, {"outside/compose.yaml": "services: {}\n"})
    (root / "compose.yaml").symlink_to("../outside/compose.yaml")

    done = begin(root, {"web/Dockerfile": GO_DOCKERFILE})

    assert "imports" not in written(root)
    assert "web" in load(root).project.services
    assert any(line.startswith("compose.yaml:") for line in told(done))


def test_skaffold(tmp_path: Path) -> None:
    source = DATA / "examples" / "skaffold-layers"
    shutil.copytree(source, tmp_path / "shop", ignore=shutil.ignore_patterns("devenv.yaml"))
    write(tmp_path / "shop", {"compose.yaml": "services: {}\n"})

    done = begin(tmp_path / "shop", {})

    found = written(tmp_path / "shop")
    assert found == {"project": "shop", "imports": {"skaffold": "skaffold/skaffold.yaml"}}
    names = set(load(tmp_path / "shop").imported)
    assert {"store", "frontend"} <= names
    lines = told(done)
    assert (
        "compose.yaml:1: skaffold/skaffold.yaml is imported, which may say the same; imports: {compose: compose.yaml}"
        in lines
    )
    assert any(line.startswith("skaffold/04-core-services/skaffold.yaml:13: ") for line in lines)


CHARTS = {
    "api/Dockerfile": GO_DOCKERFILE,
    "worker/Dockerfile": "FROM alpine\nEXPOSE 80\n",
    "charts/api/Chart.yaml": "apiVersion: v2\nname: api\nversion: 1.2.3\ndescription: 'The API: all of it'\n",
    "charts/api/values.yaml": "image: {repository: x, tag: y}\n",
    "charts/api/charts/part/Chart.yaml": "apiVersion: v2\nname: part\nversion: 1.0.0\n",
    "charts/redis/Chart.yaml": "apiVersion: v2\nname: redis\nversion: 1.0.0\n",
    "charts/redis/values.yaml": "a: 1\n",
    "charts/common/Chart.yaml": "apiVersion: v2\nname: common\ntype: library\nversion: 1.0.0\n",
    "charts/broken/Chart.yaml": "apiVersion: [\n",
}


def test_charts(tmp_path: Path) -> None:
    done = begin(tmp_path, CHARTS)

    found = written(tmp_path)
    assert found["stacks"] == [{"name": "api"}, {"name": "shop-redis"}]
    assert found["stack_paths"] == ["stacks"]
    assert found["services"] == {"worker": {"build": "worker", "port": 80}}
    stack = yaml.safe_load((tmp_path / "stacks/06-application/api/stack.yaml").read_text())
    assert stack["sources"] == [{"chart": {"path": "../../../charts/api"}}]
    assert stack["images"] == {
        "api": {"repository": "image.repository", "tag": "image.tag", "build": {"context": "../../../api"}}
    }
    assert stack["summary"] == "The API: all of it"
    assert {"api", "shop-redis", "worker"} <= set(load(tmp_path).selected)
    assert [line.partition(": ")[0] for line in told(done)] == ["charts/broken/Chart.yaml:2"]


def test_stacks_that_are_there_are_listed(tmp_path: Path) -> None:
    source = DATA / "examples" / "alt"
    files = {
        str(path.relative_to(source)): path.read_text()
        for path in source.rglob("*")
        if path.is_file() and path.name != "devenv.yaml"
    }

    begin(tmp_path, files)

    found = written(tmp_path)
    assert found["stacks"] == [{"name": "alt-backend"}]
    assert found["images"] == {"alt-backend": {"context": "alt-backend", "bases": {"GOLANG": "golang"}}}
    assert "alt-backend" in load(tmp_path).selected


MIGRATIONS = {
    "plain": ({"db/migrations/001_a.sql": "SELECT 1;\n"}, "db/migrations"),
    "Flyway": ({"src/main/resources/db/migration/V1__a.sql": "SELECT 1;\n"}, "src/main/resources/db/migration"),
    "Atlas": ({"schema/20260101_a.sql": "SELECT 1;\n", "schema/atlas.sum": "h1:x\n"}, "schema"),
    "up alone": ({"migrations/1_a.up.sql": "SELECT 1;\n"}, "migrations"),
    "Alembic": ({"api/alembic.ini": "\n"}, {"build": "api", "command": ["alembic", "upgrade", "head"]}),
    "Django": ({"api/manage.py": "import django\n"}, {"build": "api", "command": ["python", "manage.py", "migrate"]}),
    "Prisma": (
        {
            "api/prisma/schema.prisma": 'provider = "postgresql"\n',
            "api/prisma/migrations/1_a/migration.sql": "SELECT 1;\n",
        },
        {"build": "api", "command": ["npx", "prisma", "migrate", "deploy"]},
    ),
    "Rails": (
        {"api/config/application.rb": "require 'rails/all'\n", "api/db/migrate/1_a.rb": "\n"},
        {"build": "api", "command": ["bin/rails", "db:migrate"]},
    ),
}


@pytest.mark.parametrize("tool", MIGRATIONS)
def test_migrations_of(tmp_path: Path, tool: str) -> None:
    files, migrations = MIGRATIONS[tool]

    done = begin(tmp_path, {"api/Dockerfile": GO_DOCKERFILE, **files})

    (database,) = done.sketch.databases
    assert database.spec["migrations"] == migrations
    assert load(tmp_path).project.databases.keys() == {database.name}


@pytest.mark.parametrize(
    ("engine", "files"),
    [
        (
            "mysql",
            {"V1__a.sql": "CREATE TABLE a (id int) ENGINE=InnoDB;\n", "R__b.sql": "CREATE VIEW b AS SELECT 1;\n"},
        ),
        ("clickhouse", {"001_a.sql": "CREATE TABLE a (id Int8) ENGINE = MergeTree ORDER BY id;\n"}),
    ],
)
def test_migrations_that_the_tool_of_another_engine_takes_are_a_database_of_it(
    tmp_path: Path, engine: str, files: dict[str, str]
) -> None:
    done = begin(tmp_path, {f"stock/migrations/{name}": text for name, text in files.items()})

    assert written(tmp_path)["databases"] == {"stock": {"engine": engine, "migrations": "stock/migrations"}}
    assert told(done) == []
    assert load(tmp_path).stacks["stock"].spec.database


@pytest.mark.parametrize(
    ("files", "place", "word"),
    [
        (
            {"m/migrations/1.sql": "\nCREATE TABLE a (\n id int AUTO_INCREMENT);\n"},
            "m/migrations/1.sql:3",
            "engine: mysql, migrations: m/migrations",
        ),
        ({"m/migrations/1.sql": "CREATE TABLE a (id Int8)\nENGINE = MergeTree;"}, "m/migrations/1.sql:2", "clickhouse"),
        ({"migrations/1_a.up.sql": "", "migrations/1_a.down.sql": ""}, "migrations/1_a.down.sql:1", "golang-migrate"),
        ({"migrations/1_a.sql": "-- x\n-- +goose Up\n"}, "migrations/1_a.sql:2", "goose"),
        ({"s/V2__a.sql": "", "s/V10__a.sql": ""}, "s/V10__a.sql:1", "Flyway"),
        ({"s/V1__a.sql": "", "s/R__a.sql": ""}, "s/R__a.sql:1", "Flyway"),
        ({"migrations/2_a.sql": "", "migrations/10_a.sql": ""}, "migrations/10_a.sql:1", "as many digits"),
        ({"alembic.ini": "", "api/x": ""}, "alembic.ini:1", "no Dockerfile"),
    ],
)
def test_migrations_that_cannot_be_taken_are_told(tmp_path: Path, files: dict[str, str], place: str, word: str) -> None:
    done = begin(tmp_path, {"api/Dockerfile": GO_DOCKERFILE, **files})

    assert not done.sketch.databases
    assert "databases" not in written(tmp_path)
    (line,) = [line for line in told(done) if line.startswith(f"{place}: ")]
    assert word in line


def test_each_service_gets_the_database_beside_it(tmp_path: Path) -> None:
    files = {
        f"{name}/{path}": text
        for name in ("orders", "stock")
        for path, text in {
            "Dockerfile": GO_DOCKERFILE,
            "main.go": "DATABASE_URL",
            "migrations/1.sql": "SELECT 1;\n",
        }.items()
    }

    done = begin(tmp_path, {**files, "web/Dockerfile": GO_DOCKERFILE, "web/main.go": "DATABASE_URL"})

    spec = {each.name: each.spec.get("env") for each in done.sketch.services}
    assert spec == {
        "orders": {"DATABASE_URL": {"database": "orders-db"}},
        "stock": {"DATABASE_URL": {"database": "stock-db"}},
        "web": None,
    }
    assert any("web/Dockerfile:1: web asks for DATABASE_URL" in line for line in told(done))
