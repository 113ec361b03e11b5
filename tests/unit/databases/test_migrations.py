"""Migration files against what a database says it has."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from devenv.databases.address import Address
from devenv.databases.applied import AppliedMigration
from devenv.databases.atlas import failed_statement, write_atlas_sums
from devenv.databases.flyway import applied_migrations, flyway_hint
from devenv.databases.migrations import MigrationFile, MigrationState, compare, migration_files
from devenv.spec.sql.migration_names import ATLAS_SUM

STACKS = Path(__file__).resolve().parents[3] / "stacks" / "02-infrastructure"
SHIPPED = STACKS / "postgres" / "migrations"


def test_files_come_in_the_order_of_their_versions(tmp_path: Path) -> None:
    for name in ("V10__c.sql", "V9__b.sql", "V1.2__a.sql", "README.md", "atlas.sum"):
        (tmp_path / name).touch()

    assert [(f.version, f.name) for f in migration_files(tmp_path)] == [("1.2", "a"), ("9", "b"), ("10", "c")]


def test_the_shipped_ones_carry_atlas_checksums() -> None:
    files = migration_files(SHIPPED)

    assert files
    assert all(file.checksum.endswith("=") for file in files)


def test_the_shipped_checksums_are_those_that_atlas_wrote(tmp_path: Path) -> None:
    for file in SHIPPED.glob("*.sql"):
        (tmp_path / file.name).write_bytes(file.read_bytes())

    assert write_atlas_sums(tmp_path)
    assert (tmp_path / "atlas.sum").read_text() == (SHIPPED / "atlas.sum").read_text()
    assert not write_atlas_sums(tmp_path)


@pytest.mark.parametrize(
    ("content", "checksum"),
    [
        (b"CREATE TABLE x (id INT);\n", "1457110221"),
        (b"CREATE TABLE x (id INT);", "1457110221"),
        (b"\xef\xbb\xbfCREATE TABLE x\r\n (id INT);", "1457110221"),
    ],
)
def test_flyway_checksums_are_of_lines(tmp_path: Path, content: bytes, checksum: str) -> None:
    (tmp_path / "V001__x.sql").write_bytes(content)

    assert [file.checksum for file in migration_files(tmp_path)] == [checksum]


def test_flyway_checksums_are_those_that_flyway_wrote() -> None:
    files = migration_files(STACKS / "mysql" / "migrations")

    # As Flyway 11.14.1 recorded them.
    assert [file.checksum for file in files[:2]] == ["1901037153", "1993742936"]


def applied(version: str, checksum: str = "same", *, failed: bool = False) -> AppliedMigration:
    return AppliedMigration(version, checksum, failed)


@pytest.mark.parametrize(
    ("records", "state"),
    [
        ([], MigrationState.PENDING),
        ([applied("1")], MigrationState.APPLIED),
        ([applied("001")], MigrationState.APPLIED),
        ([applied("1", "")], MigrationState.APPLIED),
        ([applied("1", "other")], MigrationState.DRIFTED),
        ([applied("1", failed=True)], MigrationState.FAILED),
    ],
)
def test_one_file_against_the_record(records: list[AppliedMigration], state: MigrationState) -> None:
    (row,) = compare([MigrationFile("1", "items", Path("1_items.sql"), "same")], records)

    assert (row.version, row.state) == ("1", state)


def test_a_checksum_that_says_how_it_is_made_is_compared_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "001_items.sql"
    path.write_text("SELECT 1;\n")
    checksum = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    for text, state in (("SELECT 1;\n", MigrationState.APPLIED), ("SELECT 2;\n", MigrationState.DRIFTED)):
        path.write_text(text)
        (row,) = compare(migration_files(tmp_path), [applied("001", checksum)])
        assert row.state == state


def test_versions_are_read_as_flyway_reads_them(tmp_path: Path) -> None:
    names = ("V1__a.sql", "V1_1__b.sql", "V2.0.1__c.sql", "V3.sql", "2027/V004__d e.sql", "V5__x.SQL", "U1__a.sql")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    files = migration_files(tmp_path, "mysql")

    assert [(f.version, f.name) for f in files] == [("1", "a"), ("1.1", "b"), ("2.0.1", "c"), ("3", ""), ("004", "d e")]
    records = [
        applied(version, file.checksum) for version, file in zip(("1", "1.1", "2.0.1", "3.0", "4"), files, strict=True)
    ]
    assert {row.state for row in compare(files, records, repeatable=True)} == {MigrationState.APPLIED}


def test_repeatable_migrations_are_told_by_their_last_run(tmp_path: Path) -> None:
    (tmp_path / "R__order_totals.sql").write_text("CREATE VIEW a AS SELECT 1;")
    (tmp_path / "R__new_one.sql").write_text("SELECT 1;")
    (tmp_path / "V1__a.sql").write_text("SELECT 1;")
    files = migration_files(tmp_path, "mysql")
    history = [
        ("1", "a", "SQL", files[0].checksum, 1),
        (None, "gone", "SQL", "7", 1),
        (None, "order totals", "SQL", "7", 1),
        (None, "order totals", "SQL", files[2].checksum, 1),
    ]

    def states() -> list[tuple[str, str, str]]:
        rows = compare(files, applied_migrations(history), repeatable=True)
        return [(row.version, row.name, row.state.value) for row in rows]

    reported = [
        ("1", "a", "applied"),
        ("", "gone", "lost"),
        ("", "new_one", "pending"),
        ("", "order_totals", "applied"),
    ]
    assert states() == reported
    history.append((None, "order totals", "SQL", "8", 1))
    assert states()[3] == ("", "order_totals", "pending")
    history.append((None, "order totals", "SQL", "8", 0))
    assert states()[3] == ("", "order_totals", "failed")


def test_what_a_baseline_contains_counts_as_applied(tmp_path: Path) -> None:
    for name in ("V1__a.sql", "V2__b.sql", "B2__all.sql", "V3__c.sql", "B4__all.sql"):
        (tmp_path / name).touch()
    history: list[tuple[str | None, str, str, str | int, int]] = [("2", "all", "SQL_BASELINE", 0, 1)]

    rows = compare(migration_files(tmp_path, "mysql"), applied_migrations(history), repeatable=True)
    assert [(row.version, row.state.value) for row in rows] == [
        ("1", "applied"),
        ("2", "applied"),
        ("2", "applied"),
        ("3", "pending"),
        ("4", "pending"),
    ]


def test_the_line_that_flyway_begins_a_filled_database_with_is_no_migration() -> None:
    history: list[tuple[str | None, str, str, str | int, int]] = [
        ("0", "<< Flyway Baseline >>", "BASELINE", "", 1),
        ("1", "a", "SQL", 5, 1),
        ("1", "a", "DELETE", 5, 1),
    ]

    assert compare([], applied_migrations(history), repeatable=True) == ()


def test_names_that_only_look_like_flyways_belong_to_the_engines_tool(tmp_path: Path) -> None:
    (tmp_path / "V1_a.sql").write_text("SELECT 1;\n")
    (file,) = migration_files(tmp_path, "clickhouse")

    assert (file.version, file.name, file.checksum[:7]) == ("1", "a", "sha256:")


def test_a_record_without_a_file_is_told() -> None:
    (row,) = compare([], [applied("3")])

    assert (row.version, row.name, row.state) == ("3", "", MigrationState.LOST)


def test_an_address_is_a_url_and_keeps_its_password_out_of_texts() -> None:
    address = Address("postgres", "127.0.0.1", 5433, "shop", "shop", "p@ss/word")

    assert address.url == "postgresql://shop:p%40ss%2Fword@127.0.0.1:5433/shop"
    assert "p@ss" not in repr(address)


FAILED_AT_ATLAS = r"""
    -> ALTER TABLE nothing
    pq: relation "nothing" does not exist
Error: sql/migrate: executing statement "ALTER TABLE nothing\n  ADD \"price\" int;" from version "20261102": pq: x
"""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('-- prices\n\nALTER TABLE nothing\n  ADD "price" int;\n', "20261102_prices.sql:3"),
        ("SELECT 'changed since';\n", "20261102_prices.sql"),
    ],
)
def test_a_statement_that_atlas_fails_at_is_found_in_its_file(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "20261101_items.sql").write_text(text)
    (tmp_path / "20261102_prices.sql").write_text(text)

    assert failed_statement(FAILED_AT_ATLAS, tmp_path) == place


@pytest.mark.parametrize("log", ["", "Error: checksum mismatch", FAILED_AT_ATLAS])
def test_where_nothing_is_told_or_known_no_statement_is_named(tmp_path: Path, log: str) -> None:
    assert failed_statement(log, tmp_path) is None


def test_checksums_in_another_encoding_are_written_anew(tmp_path: Path) -> None:
    (tmp_path / "1_a.sql").write_bytes("SELECT 'größe';".encode("latin-1"))
    (tmp_path / ATLAS_SUM).write_bytes("größe".encode("latin-1"))
    assert write_atlas_sums(tmp_path)
    assert not write_atlas_sums(tmp_path)


@pytest.mark.parametrize(
    ("said", "helps"),
    [
        (
            "Detected applied migration not resolved locally: 004.\nIf you removed this",
            "migration of version 004, or",
        ),
        (
            "Migration checksum mismatch for migration version 1.1\n-> Applied to database : 7",
            "again what it was",
        ),
        ("Message    : (conn=5) Can't find any matching row in the user table", "its value accounts"),
        ("Message    : (conn=5) GRANT command denied to user 'a'@'b' for table `s`.`t`", "its value accounts"),
        ("Access denied for user\n\nerror: no\nV4__a.sql, line 2:\ngrant select on s.* to bob;", "its value accounts"),
        ("Message    : Access denied; you need (at least one of) the CREATE USER privilege(s)", "its value accounts"),
    ],
)
def test_what_flyway_says_is_told_with_what_helps(said: str, helps: str) -> None:
    assert helps in flyway_hint(f"ERROR: Validate failed\n{said}\n", "mysql")


def test_what_flyway_says_of_a_statement_is_enough() -> None:
    assert flyway_hint("Message    : Table 'alt_pristine.nothing' doesn't exist\n", "mysql") == ""
