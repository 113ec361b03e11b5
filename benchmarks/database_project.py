"""A project with one PostgreSQL of 200 tables and 50 MB, made by 200 migrations, for benchmarks/databases.py."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from devenv.adapters.paths import data_root
from devenv.databases.atlas import write_atlas_sums

STACK = "bench-postgres"
NODE_PORT = 30435
TABLES = 200
_ROWS = 900
_WIDTH = 200
"""200 tables with 900 rows of 200 characters, an index each: 77 MB with the catalogue, 50 MB of it rows and indexes."""


def make_project(root: Path) -> Path:
    """Write the project below `root`; returns the folder with its migrations."""
    built_in = data_root() / "stacks" / "02-infrastructure" / "postgres"
    folder = root / "stacks" / "02-infrastructure" / STACK
    shutil.copytree(data_root() / "stacks" / "charts" / "postgres", folder / "chart")
    shutil.copytree(built_in / "values", folder / "values")
    migrations = folder / "migrations"
    migrations.mkdir()
    for number in range(TABLES):
        (migrations / f"2026{number:010}_table_{number}.sql").write_text(_migration(number))
    write_atlas_sums(migrations)
    (migrations / "Dockerfile").write_text("ARG ATLAS\nFROM ${ATLAS}\nCOPY *.sql atlas.sum /migrations/\n")
    _dump(folder / "stack.yaml", _stack(yaml.safe_load((built_in / "stack.yaml").read_text())))
    _dump(root / "seeds.yaml", {"secrets": [{"name": STACK, "value": {"username": "bench", "password": _GENERATED}}]})
    image = {"context": f"stacks/02-infrastructure/{STACK}/migrations", "bases": {"ATLAS": "atlas"}}
    _dump(
        root / "devenv.yaml",
        {
            "project": "devenv-bench-db",
            "stacks": [{"name": STACK}],
            "stack_paths": ["stacks"],
            "images": {"bench-migrations": image},
            "seeds": ["seeds.yaml"],
        },
    )
    return migrations


_GENERATED = {"generate": {"length": 24}}


def _stack(spec: dict[str, object]) -> dict[str, object]:
    """The built-in stack under another name, with migrations of its own."""
    place = {"repository": "migrations.image.repository", "tag": "migrations.image.tag"}
    return {
        **{key: spec[key] for key in ("layer", "namespace", "version", "needs", "deadline")},
        "name": STACK,
        "summary": "PostgreSQL for a measurement",
        "sources": [{"chart": {"path": "chart"}}],
        "images": {"postgres": {"repository": "image.repository", "tag": "image.tag"}, "bench-migrations": place},
        "values": {"database": "bench", "credentials": {"key": STACK}, "service": {"nodePort": NODE_PORT}},
        "database": {
            "engine": "postgres",
            "workload": f"statefulset/{STACK}",
            "container": "postgres",
            "name": "bench",
            "user": "bench",
            "secret": STACK,
            "node_port": NODE_PORT,
            "migrations": "migrations",
        },
    }


def _migration(number: int) -> str:
    return (
        f"CREATE TABLE t{number} (id serial PRIMARY KEY, value text NOT NULL, number int NOT NULL);\n"
        f"CREATE INDEX ON t{number} (number);\n"
        f"INSERT INTO t{number} (value, number) SELECT repeat('x', {_WIDTH}), n FROM generate_series(1, {_ROWS}) n;\n"
    )


def _dump(file: Path, content: object) -> None:
    file.write_text(yaml.safe_dump(content, sort_keys=False))
