"""ClickHouse resets, snapshots and clones, and its migrations, on a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from support.clickhouse_server import ClickHouseContainer, clickhouse_server, empty, fingerprint
from support.clickhouse_shop import ITEMS, SEED, SPOIL, VIEWS
from support.clone_takers import holding_a_clone, pool_of
from support.lost_marks_contract import assert_only_what_is_nobodys_gives_way
from support.resets import kill_while_resetting, reset_at_once
from support.server_container import inside
from support.shells import TEXT, said_by_shell
from support.snapshot_contract import assert_snapshots_come_back_and_go

from devenv.adapters.docker import Engine
from devenv.databases.address import Address
from devenv.databases.clickhouse.comparison import ClickHouseComparison
from devenv.databases.clickhouse.server import Server
from devenv.databases.database import Database
from devenv.databases.engines import open_database
from devenv.databases.migrations import MigrationState, compare, migration_files
from devenv.errors import DatabaseError

pytestmark = pytest.mark.engine
CONTENT = "hash-of-migrations"
RUNS = "SELECT count() FROM system.processes WHERE startsWith(query, 'SELECT sum(1 + sleep')"


@pytest.fixture(scope="module")
def container(engine: Engine, labels: dict[str, str]) -> Iterator[ClickHouseContainer]:
    with clickhouse_server(engine, labels) as made:
        yield made


@pytest.fixture(autouse=True)
def _locks_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def server(container: ClickHouseContainer) -> Address:
    return container.address


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "items.sql"
    # As an editor on Windows saves it.
    path.write_bytes(b"\xef\xbb\xbf" + SEED.replace("\n", "\r\n").encode())
    return path


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "001_items.sql").write_text(ITEMS)
    (folder / "002_views.sql").write_text(VIEWS)
    return folder


@pytest.fixture
def database(container: ClickHouseContainer, migrations: Path, seed: Path) -> Iterator[Database]:
    """A database as `up` leaves it: migrated by the Job, prepared by devenv."""
    empty(container.address)
    with open_database(container.address) as database:
        assert container.migrate(migrations)[0] == 0
        database.prepare(CONTENT, [seed], fresh=True)
        yield database


def run(address: Address, *statements: str) -> str:
    """Statements in the live database; the last one's answer."""
    server = Server(address)
    try:
        return [server.execute(statement, database=address.name) for statement in statements][-1].decode().strip()
    finally:
        server.close()


LOSSES = {
    "mark": ["ALTER DATABASE shop MODIFY COMMENT ''"],
    "database": ["DROP DATABASE shop SYNC", "CREATE DATABASE shop ENGINE = Atomic"],
}


@pytest.mark.parametrize("lost", LOSSES)
def test_live_data_without_a_mark_gives_way_only_where_it_is_nobodys(
    container: ClickHouseContainer, database: Database, migrations: Path, seed: Path, lost: str
) -> None:
    def admin(*statements: str) -> None:
        with closing(Server(container.address)) as server:
            for statement in statements:
                server.execute(statement)

    def prepare() -> bool:
        assert container.migrate(migrations)[0] == 0
        return database.prepare(CONTENT, [seed])

    def use() -> None:
        assert container.migrate(migrations)[0] == 0
        admin("CREATE TABLE shop.mine (n UInt8) ENGINE = MergeTree ORDER BY n", "INSERT INTO shop.mine VALUES (1)")

    def content() -> object:
        found = fingerprint(container.address, "shop")
        return {name: value for name, value in found.items() if "schema_migrations" not in str(name)}

    assert_only_what_is_nobodys_gives_way(prepare, content, lambda: admin(*LOSSES[lost]), use)


def test_another_database_of_the_server_counts_as_touched(database: Database, server: Address) -> None:
    assert not database.touched()
    run(server, "CREATE DATABASE reports")
    assert database.touched()
    run(server, "DROP DATABASE reports")
    assert not database.touched()


@pytest.mark.usefixtures("database")
def test_rows_that_the_server_merges_later_are_the_same_rows(server: Address) -> None:
    run(server, "INSERT INTO totals VALUES ('merged', 1)", "INSERT INTO totals VALUES ('merged', 2)")
    with closing(Server(server)) as opened:
        before = ClickHouseComparison(opened).state(pristine=False), fingerprint(server, "shop")
        run(server, "OPTIMIZE TABLE totals FINAL")
        assert (ClickHouseComparison(opened).state(pristine=False), fingerprint(server, "shop")) == before


def test_a_reset_brings_back_every_kind_of_object(database: Database, server: Address) -> None:
    seeded = fingerprint(server, "shop")
    assert run(server, "SELECT count() FROM items") == "3"
    for makes_spare in (False, False, True):  # with what `prepare` made, then without
        if makes_spare:
            database.make_spare()
        run(server, *SPOIL)
        assert fingerprint(server, "shop") != seeded
        database.reset()
        assert fingerprint(server, "shop") == seeded


def test_after_a_reset_views_and_dictionaries_work_as_before(database: Database, server: Address) -> None:
    run(server, "INSERT INTO items VALUES (9, 'nine')", "SYSTEM RELOAD DICTIONARY names")
    assert run(server, "SELECT dictGet('shop.names', 'name', 9)") == "nine"
    database.reset()
    assert run(server, "SELECT dictGet('shop.names', 'name', 9)") == ""
    run(server, "INSERT INTO items VALUES (4, 'it''s')")
    assert run(server, "SELECT sum(items) FROM totals WHERE name = 'it''s'") == "2"
    assert run(server, "SELECT sum(items) FROM own_rows WHERE name = 'it''s'") == "2"
    assert run(server, "SELECT n FROM above") == "4"
    assert run(server, "SELECT count() FROM shop_pristine.items") == "3"


def test_what_is_kept_beside_stands_in_nobodys_way(database: Database, server: Address, seed: Path) -> None:
    for _ in range(2):  # once beside what `prepare` has made, once beside what a reset has swapped away
        run(
            server,
            "DROP TABLE named",
            "DROP DICTIONARY names",
            "DROP TABLE all_items",
            "DROP VIEW above",
            "DROP VIEW shown",
        )
        run(server, "DROP TABLE to_totals", "DROP TABLE own_rows", "DROP TABLE totals", "DROP TABLE items")
        database.reset()
    database.prepare(CONTENT, [seed])
    assert run(server, "SELECT n FROM above") == "3"


def test_preparing_again_leaves_live_data_alone(database: Database, server: Address, seed: Path) -> None:
    run(server, "TRUNCATE TABLE items")
    database.prepare(CONTENT, [seed])
    assert run(server, "SELECT count() FROM items") == "0"


def test_a_query_that_runs_reads_to_its_end_what_it_began_to_read(database: Database, server: Address) -> None:
    run(server, "INSERT INTO items SELECT number + 10, 'many' FROM numbers(1000)")
    slow = "SELECT sum(1 + sleepEachRow(0.002)) FROM items"
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(run, server, slow)
        while run(server, RUNS) == "0":
            assert not reading.done()
        database.reset()
        assert reading.result() == "1003"
    assert run(server, "SELECT count() FROM items") == "3"


def test_clients_that_keep_writing_do_not_stop_it(database: Database, server: Address) -> None:
    over = threading.Event()
    failed: list[str] = []

    def write() -> None:
        while not over.is_set():
            try:
                run(server, "INSERT INTO items VALUES (100, 'again')")
            except DatabaseError as error:
                failed.append(error.context["cause"])

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            database.reset()
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert failed == []
    database.reset()
    assert run(server, "SELECT count() FROM items") == "3"


@pytest.mark.usefixtures("database")
def test_resets_at_once_follow_each_other(server: Address) -> None:
    seeded = fingerprint(server, "shop")
    run(server, *SPOIL)
    reset_at_once(server, 3)
    assert fingerprint(server, "shop") == seeded


@pytest.mark.parametrize("after", [0.0, 0.03, 0.1, 0.23])
def test_a_reset_that_is_killed_is_mended_by_the_next(database: Database, server: Address, after: float) -> None:
    seeded = fingerprint(server, "shop")
    run(server, *SPOIL)
    kill_while_resetting(server, after)
    database.reset()
    assert fingerprint(server, "shop") == seeded
    assert set(database.clones("shop")) == {"shop", "shop_pristine", "shop_spare"}


def test_a_server_that_was_killed_has_its_data(
    container: ClickHouseContainer, database: Database, server: Address
) -> None:
    run(server, "INSERT INTO items VALUES (5, 'kept')")
    database.snapshots.save("kept")
    container.kill_and_start()
    assert run(container.address, "SELECT count() FROM items") == "4"
    with open_database(container.address) as again:
        again.reset()
        assert run(container.address, "SELECT count() FROM items") == "3"
        again.snapshots.restore("kept")
        assert run(container.address, "SELECT count() FROM items") == "4"
        again.snapshots.remove("kept")


def test_snapshots_come_back_and_go(database: Database, server: Address) -> None:
    assert_snapshots_come_back_and_go(
        database,
        lambda: fingerprint(server, "shop"),
        lambda: run(server, "INSERT INTO items VALUES (5, 'kept')"),
        lambda: run(server, *SPOIL),
    )


def test_clones_are_fresh_and_gone_afterwards(database: Database, server: Address) -> None:
    with holding_a_clone(server) as used:
        with pool_of(server, 1) as pool:
            with pool.database() as one:
                run(one, "TRUNCATE TABLE items", "INSERT INTO items VALUES (9, 'nine')")
                assert run(one, "SELECT sum(items) FROM totals WHERE name = 'nine'") == "1"
                kept = pool.keep(one)
            assert run(pool.take(), "SELECT count() FROM items") == "3"
        with pool_of(server, 1, empty=True) as pool:
            assert run(pool.take(), "SHOW TABLES") == ""
        assert used in database.clones("shop_clone_")
    with pool_of(server, 1):
        pass
    assert database.clones("shop_clone_") == []
    run(kept, "INSERT INTO items VALUES (10, 'nine')")
    assert run(kept, "SELECT sum(items) FROM totals WHERE name = 'nine'") == "2"
    assert run(server, "SELECT count() FROM items") == "3"
    database.drop_clone(kept.name)


def test_a_seed_that_fails_is_told_and_can_be_mended(
    container: ClickHouseContainer, migrations: Path, seed: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "02_bad.sql"
    bad.write_text("SELECT 1;\n\nINSERT INTO nothing VALUES (1);\n")
    empty(container.address)
    with open_database(container.address) as database:
        assert container.migrate(migrations)[0] == 0
        for _ in range(2):
            with pytest.raises(DatabaseError, match=r"seed 02_bad\.sql, line 3: Code: 60") as caught:
                database.prepare(CONTENT, [seed, bad])
            assert caught.value.context["statement"] == "INSERT INTO nothing VALUES (1)"
            assert database.pristine() == ""
            with pytest.raises(DatabaseError, match="no pristine state"):
                database.reset()
        database.prepare(CONTENT, [seed])
        assert run(container.address, "SELECT count() FROM items") == "3"


def test_a_wrong_password_and_a_server_that_is_not_there_are_told(server: Address) -> None:
    wrong = replace(server, password="wrong")  # noqa: S106 -- that is the case
    with pytest.raises(DatabaseError, match="refused the login") as caught, open_database(wrong):
        pass
    assert caught.value.hint == "devenv status --credentials"
    with pytest.raises(DatabaseError, match="does not answer"), open_database(replace(server, port=1)):
        pass


def test_a_broken_migration_is_named_and_leaves_live_data(
    container: ClickHouseContainer, database: Database, server: Address, migrations: Path
) -> None:
    before = fingerprint(server, "shop")
    bad = migrations / "003_bad.sql"
    bad.write_text("ALTER TABLE items\nADD COLUMN price UInt8;\n\nSELEC 1;\n")
    status, said = container.migrate(migrations)
    assert status == 1
    assert "003_bad.sql, line 4, database shop_pristine: Code: 62" in said
    assert fingerprint(server, "shop") == before
    bad.write_text("ALTER TABLE items\nADD COLUMN price UInt8;\n")
    assert container.migrate(migrations)[0] == 0
    assert [(row.version, row.failed) for row in database.applied()] == [("001", False), ("002", False), ("003", False)]


def test_a_migration_that_fails_on_live_data_goes_on_where_it_stopped(
    container: ClickHouseContainer, database: Database, server: Address, migrations: Path
) -> None:
    run(server, "CREATE TABLE prices (n UInt8) ENGINE = Log")
    late = migrations / "003_prices.sql"
    late.write_text("CREATE TABLE costs (n UInt8) ENGINE = Log;\nCREATE TABLE prices (n UInt8) ENGINE = Log;\n")
    status, said = container.migrate(migrations)
    assert status == 1
    assert "003_prices.sql, line 2, database shop: Code: 57" in said
    assert database.applied()[-1].failed
    run(server, "DROP TABLE prices")
    assert container.migrate(migrations)[0] == 0
    assert not database.applied()[-1].failed


def test_a_migration_that_was_changed_is_refused(
    container: ClickHouseContainer, database: Database, server: Address, migrations: Path
) -> None:
    before = fingerprint(server, "shop")
    first = migrations / "001_items.sql"
    first.write_text(first.read_text() + "CREATE TABLE later (n UInt8) ENGINE = Log;\n")
    status, said = container.migrate(migrations)
    assert status == 1
    assert "001_items.sql is not what was applied" in said
    assert fingerprint(server, "shop") == before
    assert database.pristine() == CONTENT


def test_what_a_script_sets_holds_to_its_end(container: ClickHouseContainer, migrations: Path, tmp_path: Path) -> None:
    """Also `//` comments, a byte order mark and lines of Windows, in migrations and in seeds."""
    (migrations / "003_set.sql").write_bytes(
        b"\xef\xbb\xbf// it's; a comment\r\nSET max_threads = 3;\r\n"
        b"CREATE TABLE kept_text ENGINE = MergeTree ORDER BY t AS\r\n"
        b"SELECT concat('a\r\nb', toString(getSetting('max_threads'))) AS t;\r\n"
    )
    seeds = [tmp_path / "10.sql", tmp_path / "20.sql"]
    seeds[0].write_bytes(
        b"SET max_threads = 4; // it's; so\nINSERT INTO kept_text SELECT toString(getSetting('max_threads'));"
    )
    seeds[1].write_bytes(b"INSERT INTO kept_text SELECT toString(getSetting('max_threads') = 4);")
    empty(container.address)
    with open_database(container.address) as database:
        assert container.migrate(migrations)[0] == 0
        database.prepare("settings", seeds, fresh=True)
        assert run(container.address, "SELECT hex(t) FROM kept_text ORDER BY t") == "30\n34\n610D0A6233"
        rows = compare(migration_files(migrations), database.applied())
    assert {row.state for row in rows} == {MigrationState.APPLIED}


def test_text_goes_through_the_shell_unchanged_in_any_locale(
    container: ClickHouseContainer, engine: Engine, labels: dict[str, str]
) -> None:
    assert container.address.port
    script = f"SELECT '{TEXT}', hex('a\r\nb');"
    assert said_by_shell(inside(engine, labels), "clickhouse", script) == {f"{TEXT}\t610D0A62\n"}
