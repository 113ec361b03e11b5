"""Migrations and seeds that could not be applied as they are, told before anything is."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.errors import SpecError
from devenv.spec.checks.folders import LIMIT_BYTES
from devenv.spec.checks.migration_files import require_sound_migrations
from devenv.spec.stack import StackSpec
from devenv.spec.workspace import LoadedStack

FLYWAY = ("V1__a.sql", "V1_1__b.sql", "V2.0.1__c.sql", "V007.sql", "B2__base.sql", "R__view.sql", "2027/V8__d.sql",
          "V9__two words.sql", "V10__größe.sql", "V11__.sql", "U1__a.sql", "beforeMigrate.sql", "afterMigrate__x.sql",
          "createSchema.sql", ".V1__a.sql", "README.md", "V1__a.sql.bak")  # fmt: skip
ATLAS = ("20261101090000_items.sql", "1.sql", "v1_x.sql", "atlas.sum", "README.md")
CLICKHOUSE = ("001_events.sql", "V2_x.sql", "3.1__y.sql", "README.md")


def stack(root: Path, engine: str, files: dict[str, bytes] | tuple[str, ...]) -> LoadedStack:
    for name in files:
        path = root / "migrations" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[name] if isinstance(files, dict) else b"")
    (root / "seeds").mkdir(exist_ok=True)
    database = {"engine": engine, "workload": "statefulset/x", "name": "shop", "user": "shop", "secret": "x"}
    folders = {"node_port": 30001, "migrations": "migrations", "seeds": "seeds"}
    spec = {
        "name": "x", "layer": "02-infrastructure", "summary": "", "namespace": "x", "version": "1",
        "sources": [{"manifests": {"path": "x"}}], "database": database | folders,
        "images": {"flyway": {"reference": "x"}} if engine == "mysql" else {},
        "config_maps": [{"folder": "migrations", "value": "x"}],
    }  # fmt: skip
    return LoadedStack(StackSpec.model_validate(spec), root, builtin=False)


def problems(*stacks: LoadedStack) -> list[tuple[str, int, str]]:
    with pytest.raises(SpecError) as raised:
        require_sound_migrations(stacks)
    return [(problem.file.name, problem.line, problem.message) for problem in raised.value.problems]


@pytest.mark.parametrize(("engine", "files"), [("mysql", FLYWAY), ("postgres", ATLAS), ("clickhouse", CLICKHOUSE)])
def test_what_the_tool_reads_or_leaves_alone_on_purpose_is_sound(
    tmp_path: Path, engine: str, files: tuple[str, ...]
) -> None:
    require_sound_migrations([stack(tmp_path, engine, files)])


@pytest.mark.parametrize(
    ("engine", "present", "file", "message"),
    [
        ("mysql", (), "V4_add.sql", "Flyway would pass over V4_add.sql: its name is not that of a migration"),
        ("mysql", (), "v3__c.sql", "Flyway would pass over v3__c.sql: its name is not that of a migration"),
        ("mysql", (), "Rx__c.sql", "Flyway would pass over Rx__c.sql: its name is not that of a migration"),
        ("mysql", (), "V3__c.SQL", "Flyway reads only files that end with .sql, in small letters"),
        ("mysql", ("V1__a.sql",), "b/V01.0__b.sql", "V1__a.sql has the same version, 01.0"),
        ("mysql", ("R__a_b.sql",), "b/R__a b.sql", "R__a_b.sql has the same name, a b"),
        ("mysql", (), "V1__a\nb.sql", "'V1__a\\nb.sql' has bytes that are no UTF-8, or control characters"),
        ("mysql", (), "V1__a\udcfc.sql", "'V1__a\\udcfc.sql' has bytes that are no UTF-8, or control characters"),
        ("postgres", ("atlas.sum",), "2027/1_a.sql", "Atlas does not look into subfolders"),
        ("postgres", ("atlas.sum",), "1_a.Sql", "Atlas reads only files that end with .sql, in small letters"),
        ("clickhouse", (), "2027/001_a.sql", "clickhouse-migrate does not look into subfolders"),
        ("clickhouse", (), "init.sql", "clickhouse-migrate would pass over init.sql: its name is not that of a migration"),  # noqa: E501
        ("clickhouse", ("001_a.sql",), "1_b.sql", "001_a.sql has the same version, 1"),
    ],
)  # fmt: skip
def test_what_the_tool_would_pass_over_in_silence_is_told(
    tmp_path: Path, engine: str, present: tuple[str, ...], file: str, message: str
) -> None:
    assert problems(stack(tmp_path, engine, (*present, file))) == [(Path(file).name, 1, message)]


def test_all_stacks_are_told_of_at_once_with_file_and_line(tmp_path: Path) -> None:
    mysql = stack(tmp_path / "a", "mysql", {"V1__a.sql": b"SELECT 1;\n\nUSE shop;\n"})
    (tmp_path / "a/seeds/01.sql").write_text("INSERT INTO x VALUES (1);\nINSERT INTO `shop`.x VALUES (1);\n")
    clickhouse = stack(tmp_path / "b", "clickhouse", {"1_a.sql": b"INSERT INTO shop.x VALUES (1)"})
    reach = "names the database: devenv runs this file in a copy of shop first, from where it would reach the live data"

    assert problems(mysql, clickhouse) == [
        ("V1__a.sql", 3, f"USE shop {reach}"),
        ("01.sql", 2, f"`shop`.x {reach}"),
        ("1_a.sql", 1, f"shop.x {reach}"),
    ]


def test_a_folder_beyond_the_bound_is_told_with_its_size(tmp_path: Path) -> None:
    large = stack(tmp_path, "mysql", {"V1__a.sql": b""})
    with (tmp_path / "migrations/dump.csv").open("wb") as file:
        file.truncate(LIMIT_BYTES + (1 << 20))

    message = "the folder has 65.0 MiB; at most 64 MiB can be carried to pods"
    assert problems(large) == [("migrations", 1, message)]
