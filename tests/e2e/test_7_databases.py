"""`devenv reset-db` and `devenv db` on the environment that is up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml
from support.databases import address_of, restart
from support.environment import Project
from support.postgres_server import fingerprint

from devenv.databases.address import Address
from devenv.workflows.databases.clones import clone_pool

STACKS = Path(__file__).resolve().parents[2] / "stacks"
pytestmark = pytest.mark.e2e
NEW_MIGRATION = "20261102090000_prices.sql"


@pytest.fixture
def url(address: Address) -> str:
    return address.url


@pytest.fixture
def address(environment: Project) -> Address:
    return address_of(environment, "postgres")


@pytest.fixture
def own_migrations(environment: Project) -> Iterator[Path]:
    """The postgres stack as the project's own, so that its migrations can be changed; taken back afterwards."""
    folder = environment.root / "stacks" / "02-infrastructure" / "postgres"
    shutil.copytree(STACKS / "02-infrastructure" / "postgres", folder)
    shutil.copytree(STACKS / "charts" / "postgres", folder / "chart")
    stack = yaml.safe_load((folder / "stack.yaml").read_text())
    (folder / "stack.yaml").write_text(yaml.safe_dump({**stack, "sources": [{"chart": {"path": "chart"}}]}))
    migrations = folder / "migrations"
    shutil.copy(folder / "images" / "alt-atlas-migrations" / "Dockerfile", migrations)
    before = environment.spec
    image = {"context": str(migrations.relative_to(environment.root)), "bases": {"ATLAS": "atlas"}}
    environment.write_spec({**before, "images": {**before["images"], "alt-atlas-migrations": image}})
    yield migrations
    shutil.rmtree(folder)
    environment.write_spec(before)
    environment.devenv("reset-db", "postgres", "--yes")


def query(url: str, statement: bytes) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


def execute(url: str, statements: bytes) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statements)


def spoil(url: str) -> None:
    execute(url, b"DELETE FROM items")


def test_a_reset_brings_back_the_seeded_state(environment: Project, url: str, address: Address) -> None:
    environment.devenv("reset-db", "postgres", "--yes")
    seeded = fingerprint(address, "alt")
    spoil(url)
    done = environment.devenv("reset-db", "postgres", "--yes", "--json")
    (row,) = json.loads(done.stdout)
    assert (row["name"], row["engine"], row["how"]) == ("postgres", "postgres", "pristine")
    assert fingerprint(address, "alt") == seeded


def test_nothing_is_dropped_without_consent(environment: Project, url: str) -> None:
    spoil(url)
    refused = environment.devenv("reset-db", "postgres", expect=2)
    assert "postgres (postgres alt)" in refused.stderr
    assert query(url, b"SELECT count(*) FROM items") == [(0,)]


@pytest.mark.parametrize(
    ("name", "said"),
    [("postgre", "did you mean postgres?"), ("traefik", "traefik is no database of this project")],
)
def test_what_is_no_database_is_refused(environment: Project, name: str, said: str) -> None:
    refused = environment.devenv("reset-db", name, "--yes", expect=2)
    assert said in refused.stderr


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("postgres", "SELECT 6 * 7;"),
        ("mysql", "SELECT 6 * 7;"),
        ("clickhouse", "SELECT 6 * 7;"),
        ("redis", "ECHO 42"),
    ],
)
def test_a_shell_reads_a_script(environment: Project, name: str, script: str) -> None:
    done = environment.devenv("db", "shell", name, script=script)
    assert "42" in done.stdout
    assert not done.stderr


def test_snapshots_of_all_databases(environment: Project, url: str) -> None:
    environment.devenv("reset-db", "--yes")
    saved = json.loads(environment.devenv("db", "snapshot", "before", "--json").stdout)
    assert (saved["name"], "postgres" in saved["databases"]) == ("before", True)
    spoil(url)
    restored = json.loads(environment.devenv("db", "restore", "before", "--yes", "--json").stdout)
    assert restored == saved
    assert query(url, b"SELECT count(*) > 0 FROM items") == [(True,)]
    listed = json.loads(environment.devenv("db", "list", "--json").stdout)
    assert "postgres" in {row["database"] for row in listed if row["name"] == "before"}
    assert json.loads(environment.devenv("db", "rm", "before", "--json").stdout) == saved
    missing = environment.devenv("db", "restore", "before", "--yes", expect=1)
    assert "has no snapshot before" in missing.stderr
    environment.devenv("db", "snapshot", "No Good", expect=1)


def test_a_new_migration_is_pending_then_applied_and_data_stays(
    environment: Project, url: str, own_migrations: Path
) -> None:
    spoil(url)
    (own_migrations / NEW_MIGRATION).write_text("ALTER TABLE items ADD COLUMN price int NOT NULL DEFAULT 7;\n")
    environment.devenv("db", "hash", "postgres")
    pending = environment.devenv("db", "status", "postgres", "--json", expect=1)
    assert [row["state"] for row in json.loads(pending.stdout)] == ["applied", "applied", "pending"]
    environment.devenv("db", "migrate", "postgres", "--yes")
    environment.devenv("db", "status", "postgres")
    assert query(url, b"SELECT count(*) FROM items") == [(0,)]
    environment.devenv("reset-db", "postgres", "--yes")
    assert query(url, b"SELECT DISTINCT price FROM items") == [(7,)]


def test_a_changed_migration_is_run_from_nothing(environment: Project, url: str, own_migrations: Path) -> None:
    first = min(own_migrations.glob("*.sql"))
    first.write_text(first.read_text() + "\nCREATE TABLE extra (n int);\n")
    environment.devenv("db", "hash", "postgres")
    done = environment.devenv("reset-db", "postgres", "--yes", "--json")
    assert [row["how"] for row in json.loads(done.stdout)] == ["migrations"]
    assert query(url, b"SELECT count(*) FROM extra") == [(0,)]


def test_what_belongs_to_the_server_is_told_before_anything_is_dropped(
    environment: Project, url: str, own_migrations: Path
) -> None:
    before = query(url, b"SELECT count(*) FROM items")
    (own_migrations / NEW_MIGRATION).write_text("CREATE ROLE reporting NOLOGIN;\n")
    environment.devenv("db", "hash", "postgres")
    assert environment.devenv("db", "url", "postgres").stdout
    refused = environment.devenv("reset-db", "postgres", "--yes", expect=2)
    assert f"{NEW_MIGRATION}:1  CREATE ROLE reporting" in refused.stderr
    assert query(url, b"SELECT count(*) FROM items") == before


def test_a_broken_migration_is_named_and_leaves_live_data(environment: Project, url: str, own_migrations: Path) -> None:
    before = query(url, b"SELECT count(*) FROM items")
    (own_migrations / NEW_MIGRATION).write_text("-- what is not there\nALTER TABLE nothing\n  ADD COLUMN price int;\n")
    environment.devenv("db", "hash", "postgres")
    failed = environment.devenv("db", "migrate", "postgres", "--yes", expect=1)
    assert f"failed statement: {NEW_MIGRATION}:2" in failed.stderr
    assert "ALTER TABLE nothing" in failed.stderr
    assert query(url, b"SELECT count(*) FROM items") == before
    spoil(url)
    failed = environment.devenv("reset-db", "postgres", "--yes", expect=1)
    assert f"failed statement: {NEW_MIGRATION}:2" in failed.stderr
    assert query(url, b"SELECT count(*) FROM items") == [(0,)]


def test_clones_of_the_running_environment(inside: Project) -> None:
    with clone_pool(inside.root, "postgres", size=1) as pool, pool.database() as clone:
        assert clone.name.startswith("alt_clone_")
        assert query(clone.url, b"SELECT count(*) > 0 FROM items") == [(True,)]


def test_a_pod_restart_keeps_the_data(environment: Project, url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO items (name) VALUES ('kept')")
    restart(environment, "alt-database", "postgres")
    assert query(url, b"SELECT count(*) FROM items WHERE name = 'kept'") == [(1,)]
    environment.devenv("reset-db", "postgres", "--yes")
