"""The program of the image that applies migrations, as far as it needs no server."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

IMAGE = Path(__file__).parents[3] / "stacks/02-infrastructure/clickhouse/images/clickhouse"


@pytest.fixture(scope="module")
def image() -> Iterator[dict[str, ModuleType]]:
    """The modules of the image that need nothing but Python."""
    sys.path.insert(0, str(IMAGE))
    try:
        yield {name: importlib.import_module(f"clickhouse_http.{name}") for name in ("migrate", "query")}
    finally:
        sys.path.remove(str(IMAGE))


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.sql").write_text(text)
    return tmp_path


def test_migrations_come_in_the_order_of_their_numbers(image: dict[str, ModuleType], tmp_path: Path) -> None:
    files = {"10_c": "SELECT 3", "2_b": "SELECT 2", "001_a": "SELECT 1", "notes": "no migration"}
    found = image["migrate"].read_folder(folder(tmp_path, **files))
    assert [migration.name for migration in found] == ["a", "b", "c"]


def test_two_files_of_one_version_are_refused(image: dict[str, ModuleType], tmp_path: Path) -> None:
    migrate = image["migrate"]
    with pytest.raises(migrate.MigrationError, match=r"1_b\.sql and 001_a\.sql have the same version"):
        migrate.read_folder(folder(tmp_path, **{"001_a": "SELECT 1", "1_b": "SELECT 1"}))


def test_drift_is_told_for_all_migrations_at_once(image: dict[str, ModuleType], tmp_path: Path) -> None:
    migrate = image["migrate"]
    a, b, d = migrate.read_folder(folder(tmp_path, **{"1_a": "SELECT 1", "2_b": "SELECT 2", "4_d": "SELECT 4"}))
    records = {
        (1,): migrate.Record("1", a.checksum, 1, finished=True),
        (2,): migrate.Record("2", "sha256:another", 1, finished=True),
        (3,): migrate.Record("3", "sha256:lost", 1, finished=True),
        (5,): migrate.Record("5", "sha256:lost", 1, finished=True),
    }
    with pytest.raises(migrate.MigrationError) as raised:
        migrate.check([a, b, d], records)
    assert str(raised.value).splitlines()[1:] == [
        "2_b.sql is not what was applied",
        "3 was applied, and there is no file of it",
        "5 was applied, and there is no file of it",
        "4_d.sql comes before migrations that were applied",
    ]
    migrate.check([a, b, d], {(1,): records[(1,)]})


def test_a_migration_that_stopped_may_be_mended_after_the_place_only(
    image: dict[str, ModuleType], tmp_path: Path
) -> None:
    migrate = image["migrate"]
    (before,) = migrate.read_folder(folder(tmp_path, **{"1_a": "SELECT 1; SELEC 2"}))
    record = {(1,): migrate.Record("1", migrate._prefix(before, 1), 1, finished=False)}
    migrate.check(migrate.read_folder(folder(tmp_path, **{"1_a": "SELECT 1;\nSELECT 2"})), record)
    with pytest.raises(migrate.MigrationError, match="changed before the statement at which it had failed"):
        migrate.check(migrate.read_folder(folder(tmp_path, **{"1_a": "SELECT 3; SELECT 2"})), record)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (b"INSERT INTO t FORMAT CSV\n1,2\n", (b"INSERT INTO t ", "CSV", b"1,2\n")),
        (b"insert into t (a, format) format JSONEachRow {}", (b"insert into t (a, format) ", "JSONEachRow", b"{}")),
        (
            b"INSERT INTO t SETTINGS a = 1 FORMAT RowBinary\n\x00\xff",
            (b"INSERT INTO t SETTINGS a = 1 ", "RowBinary", b"\x00\xff"),
        ),
        (b"INSERT INTO t VALUES ('FORMAT CSV')", None),
        (b"INSERT INTO t SELECT 1 FORMAT CSV", None),
        (b"SELECT 1 FORMAT CSV", None),
        (b"", None),
    ],
)
def test_data_behind_an_insert_is_found(
    image: dict[str, ModuleType], sql: bytes, expected: tuple[bytes, str, bytes] | None
) -> None:
    found = image["query"].insertion(sql)
    assert (found and (found.statement, found.format, sql[found.data_at :])) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (b"SELECT 1", "Default"),
        (b"SELECT 1 format JSON;", "JSON"),
        (b"SELECT 1 FORMAT CSV SETTINGS max_threads = 1", "CSV"),
        (b"SELECT ' FORMAT JSON '", "Default"),
    ],
)
def test_the_format_of_an_answer_is_the_querys_own_or_the_default(
    image: dict[str, ModuleType], sql: bytes, expected: str
) -> None:
    assert image["query"].output_format(sql, "Default") == expected


def test_only_answers_without_head_and_tail_are_sent_in_pieces(image: dict[str, ModuleType]) -> None:
    query = image["query"]
    assert query.can_be_streamed(b"SELECT 1", "TabSeparated")
    assert not query.can_be_streamed(b"SELECT 1", "JSON")
    assert not query.can_be_streamed(b"SHOW TABLES", "TabSeparated")
    assert not query.can_be_streamed(b"SELECT a, count() FROM t GROUP BY a WITH TOTALS", "TabSeparated")
