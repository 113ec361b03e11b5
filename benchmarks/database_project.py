"""A project with every database devenv knows, for benchmarks/databases.py.

Two of them, one PostgreSQL and one MySQL, have 200 tables and 50 MB, made by 200 migrations. Meilisearch is left out:
there is no recipe for its image.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

from devenv.adapters.files.paths import data_root
from devenv.databases.atlas import write_atlas_sums

POSTGRES, MYSQL = "bench-postgres", "bench-mysql"
TABLES = 200
AWS = "localstack"
OTHERS = ("auth-postgres", "kratos-postgres", "clickhouse", "redis", "nats", AWS)
_NODE_PORTS = {POSTGRES: 30435, MYSQL: 30436}
_ROWS = 900
_WIDTH = 200
"""200 tables with 900 rows of 200 characters, an index each: 77 MB with the catalogue, 50 MB of it rows and indexes."""
_GENERATED = {"generate": {"length": 24}}
_LOGIN = {"username": "bench", "password": _GENERATED}


def make_project(root: Path) -> dict[str, Path]:
    """Write the project below `root`; returns the folders with the migrations of both large databases."""
    stacks = root / "stacks" / "02-infrastructure"
    migrations = {POSTGRES: _postgres(stacks / POSTGRES), MYSQL: _mysql(stacks / MYSQL)}
    secrets = {POSTGRES: _LOGIN, MYSQL: {**_LOGIN, "root_password": _GENERATED}}
    _dump(root / "seeds.yaml", {"secrets": [{"name": name, "value": value} for name, value in secrets.items()]})
    image = {"context": str(migrations[POSTGRES].relative_to(root)), "bases": {"ATLAS": "atlas"}}
    _dump(
        root / "devenv.yaml",
        {
            "project": "devenv-bench-db",
            "stacks": [{"name": name} for name in (*migrations, *OTHERS)],
            "stack_paths": ["stacks"],
            "images": {"bench-migrations": image},
            "seeds": ["seeds.yaml"],
        },
    )
    return migrations


def _postgres(folder: Path) -> Path:
    built_in = data_root() / "stacks" / "02-infrastructure" / "postgres"
    shutil.copytree(data_root() / "stacks" / "charts" / "postgres", folder / "chart")
    shutil.copytree(built_in / "values", folder / "values")
    migrations = folder / "migrations"
    migrations.mkdir()
    for number in range(TABLES):
        (migrations / f"2026{number:010}_table_{number}.sql").write_text(
            f"CREATE TABLE t{number} (id serial PRIMARY KEY, value text NOT NULL, number int NOT NULL);\n"
            f"CREATE INDEX ON t{number} (number);\n"
            f"INSERT INTO t{number} (value, number)"
            f" SELECT repeat('x', {_WIDTH}), n FROM generate_series(1, {_ROWS}) AS n;\n"
        )
    write_atlas_sums(migrations)
    (migrations / "Dockerfile").write_text("ARG ATLAS\nFROM ${ATLAS}\nCOPY *.sql atlas.sum /migrations/\n")
    image = {"bench-migrations": {"repository": "migrations.image.repository", "tag": "migrations.image.tag"}}
    _write_stack(folder, built_in, POSTGRES, images=image, migrations="migrations")
    return migrations


def _mysql(folder: Path) -> Path:
    built_in = data_root() / "stacks" / "02-infrastructure" / "mysql"
    shutil.copytree(built_in.parents[1] / "charts" / "mysql", folder / "chart")
    shutil.copytree(built_in / "values", folder / "values")
    migrations = folder / "migrations"
    for part in (migrations, folder / "schema"):
        part.mkdir()
    for number in range(TABLES):
        (migrations / f"V{number + 1:03}__table_{number}.sql").write_text(
            f"CREATE TABLE t{number} (id int AUTO_INCREMENT PRIMARY KEY, value varchar({_WIDTH}) NOT NULL,"
            " number int NOT NULL, KEY (number));\n"
            f"INSERT INTO t{number} (value, number) WITH RECURSIVE series AS"
            f" (SELECT 1 AS n UNION ALL SELECT n + 1 FROM series WHERE n < {_ROWS})"
            f" SELECT repeat('x', {_WIDTH}), n FROM series;\n"
        )
    values = {"migrations": {"baseline": {"version": ""}}, "storage": {"size": "4Gi"}}
    _write_stack(folder, built_in, MYSQL, values=values, migrations="migrations")
    return migrations


def _write_stack(
    folder: Path,
    built_in: Path,
    name: str,
    *,
    migrations: str,
    images: Mapping[str, object] | None = None,
    values: Mapping[str, object] | None = None,
) -> None:
    """The built-in stack under another name, with migrations and a database of its own."""
    spec = yaml.safe_load((built_in / "stack.yaml").read_text())
    engine = spec["name"]
    kept = {image: place for image, place in spec["images"].items() if images is None or image == engine}
    port = _NODE_PORTS[name]
    _dump(
        folder / "stack.yaml",
        {
            **{key: spec[key] for key in ("layer", "namespace", "version", "needs", "deadline")},
            "name": name,
            "summary": "A database to be measured",
            "sources": [{"chart": {"path": "chart"}}],
            "images": {**kept, **(images or {})},
            "values": {
                "database": "bench",
                "credentials": {"key": name},
                "service": {"nodePort": port},
                **(values or {}),
            },
            "database": {
                **{key: spec["database"][key] for key in ("engine", "container")},
                "workload": f"statefulset/{name}",
                "name": "bench",
                "user": "bench",
                "secret": name,
                "node_port": port,
                "migrations": migrations,
            },
        },
    )


def _dump(file: Path, content: object) -> None:
    file.write_text(yaml.safe_dump(content, sort_keys=False))
