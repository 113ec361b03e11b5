"""The stack mysql, `devenv reset-db` and `devenv db` on the environment that is up."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pymysql
import pytest
from support.databases import address_of, restart
from support.environment import Project, Result
from support.mysql_server import fingerprint, query
from support.programs import own_kube_cache, require_tool
from support.waiting import await_true

from devenv.databases.address import Address
from devenv.databases.mysql.server import Server, connect
from devenv.workflows.databases.clones import clone_pool

STACK = Path(__file__).resolve().parents[2] / "stacks" / "02-infrastructure" / "mysql"
pytestmark = pytest.mark.e2e
CUSTOMERS = "SELECT count(*) FROM customers"


@pytest.fixture(scope="module")
def address(project: Project, first_up: Result) -> Address:
    assert first_up.status == 0
    return address_of(project, "mysql")


@pytest.fixture
def own_migrations(environment: Project) -> Iterator[Path]:
    """The stack as the project's own, so that its migrations can be changed; taken back afterwards."""
    folder = environment.root / "stacks" / "02-infrastructure" / "mysql"
    shutil.copytree(STACK, folder)
    yield folder / "migrations"
    shutil.rmtree(folder)
    environment.devenv("reset-db", "mysql", "--yes")


def test_a_reset_brings_back_the_seeded_state(environment: Project, address: Address) -> None:
    environment.devenv("reset-db", "mysql", "--yes")
    seeded = fingerprint(address, "alt")
    query(address, "DELETE FROM order_lines; DELETE FROM orders; DROP TRIGGER orders_updated; DROP TABLE users")
    with closing(connect(address, "alt")) as client, client.cursor() as cursor:
        client.begin()
        cursor.execute("INSERT INTO customers (email, name) VALUES ('never@example.com', 'committed')")
        done = environment.devenv("reset-db", "mysql", "--yes", "--json")
        with pytest.raises(pymysql.OperationalError):
            cursor.execute(CUSTOMERS)
    assert [(row["name"], row["how"]) for row in json.loads(done.stdout)] == [("mysql", "pristine")]
    assert fingerprint(address, "alt") == seeded


def test_a_spare_for_the_next_reset_is_made_after_the_command(environment: Project, address: Address) -> None:
    environment.devenv("reset-db", "mysql", "--yes")
    with closing(Server(address)) as server:
        await_true(lambda: bool(server.mark("alt_spare")))
        environment.devenv("reset-db", "mysql", "--yes")
        await_true(lambda: bool(server.mark("alt_spare")))


def test_the_seeded_state_is_what_migrations_and_seeds_make(environment: Project, address: Address) -> None:
    environment.devenv("reset-db", "mysql", "--yes")
    assert query(address, "SELECT total_cents FROM order_totals") == [(2650,)]
    assert query(address, "SELECT status_before, status_after FROM order_history ORDER BY id") == [
        (None, "open"),
        ("open", "paid"),
    ]
    status = json.loads(environment.devenv("db", "status", "mysql", "--json").stdout)
    assert [row["state"] for row in status] == ["applied"] * 3


def test_baseline_and_migrations_lead_to_the_same_schema(cluster: Path, tmp_path: Path) -> None:
    command = [str(require_tool("helm")), "test", "mysql", "--namespace", "alt-database", "--timeout", "2m"]
    argv = [*command, "--kubeconfig", str(cluster)]
    subprocess.run(argv, env=own_kube_cache(tmp_path), check=True, capture_output=True, timeout=150)


def test_snapshots(environment: Project, address: Address) -> None:
    query(address, "INSERT INTO customers (email, name) VALUES ('kept@example.com', 'Kept')")
    before = fingerprint(address, "alt")
    environment.devenv("db", "snapshot", "kept", "--database", "mysql")
    environment.devenv("reset-db", "mysql", "--yes")
    environment.devenv("db", "restore", "kept", "--database", "mysql", "--yes")
    assert fingerprint(address, "alt") == before
    environment.devenv("db", "rm", "kept", "--database", "mysql")


def test_a_broken_migration_is_named_and_a_mended_one_applied(
    environment: Project, address: Address, own_migrations: Path
) -> None:
    before = query(address, CUSTOMERS)
    migration = own_migrations / "V004__notes.sql"
    migration.write_text("CREATE TABLE notes (id INT);\n\nALTER TABLE nothing\n  ADD note TEXT;\n")
    failed = environment.devenv("db", "migrate", "mysql", "--yes", expect=1)
    for word in ("V004__notes.sql, line 3", "ALTER TABLE nothing", "Table 'alt_pristine.nothing' doesn't exist"):
        assert word in failed.stderr
    query(address, "INSERT INTO customers (email, name) VALUES ('spared@example.com', 'Spared')")
    failed = environment.devenv("reset-db", "mysql", "--yes", expect=1)
    assert "V004__notes.sql, line 3" in failed.stderr
    assert query(address, "SHOW TABLES LIKE 'notes'") == []
    assert query(address, "DELETE FROM customers WHERE name = 'Spared'; SELECT row_count()") == [(1,)]
    migration.write_text("CREATE TABLE notes (id INT);\n")
    environment.devenv("db", "migrate", "mysql", "--yes")
    assert query(address, "SELECT count(*) FROM notes") == [(0,)]
    assert query(address, CUSTOMERS) == before


def test_clones_of_the_running_environment(inside: Project) -> None:
    with clone_pool(inside.root, "mysql", size=1) as pool, pool.database() as clone:
        assert query(clone, CUSTOMERS) == [(2,)]


def test_a_pod_restart_keeps_the_data(environment: Project, address: Address) -> None:
    query(address, "UPDATE customers SET name = 'Kept' WHERE id = 1")
    restart(environment, "alt-database", "mysql")
    assert query(address, "SELECT name FROM customers WHERE id = 1") == [("Kept",)]
    environment.devenv("reset-db", "mysql", "--yes")
    assert query(address, "SELECT name FROM customers WHERE id = 1") == [("Ada",)]
