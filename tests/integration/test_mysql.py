"""MySQL resets, snapshots and clones, on a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pymysql
import pytest
from support.clone_takers import holding_a_clone, pool_of
from support.images import provide
from support.lost_marks_contract import assert_only_what_is_nobodys_gives_way
from support.mysql_server import PASSWORD, empty, fingerprint, mysql_server, query
from support.mysql_shop import SCHEMA, migrate, spoil
from support.resets import kill_while_resetting, kill_while_resetting_at, reset_at_once
from support.server_container import inside
from support.shells import TEXT, said_by_shell
from support.snapshot_contract import assert_snapshots_come_back_and_go
from support.waiting import await_true

from devenv.adapters.docker import Engine
from devenv.databases.address import Address
from devenv.databases.database import Database
from devenv.databases.engines import open_database
from devenv.databases.mysql.script import statements
from devenv.databases.mysql.server import Server, connect
from devenv.databases.spares import start_making
from devenv.errors import DatabaseError

pytestmark = pytest.mark.engine
CONTENT = "hash-of-migrations"
ROWS = "SELECT name FROM items ORDER BY id"
SEEDED = [("first",), ("seeded; not a statement",)]


@pytest.fixture(scope="module")
def server(engine: Engine, labels: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    with mysql_server(engine, provide("mysql", engine), labels, tmp_path_factory.mktemp("credentials")) as address:
        yield address


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    path = tmp_path / "01_items.sql"
    # As an editor on Windows saves it.
    path.write_bytes(b"\xef\xbb\xbfINSERT INTO items (name)\r\nVALUES ('seeded; not a statement');\r\n")
    return path


@pytest.fixture
def database(server: Address, seed: Path) -> Iterator[Database]:
    """A database as `up` leaves it: migrated by the Job, prepared by devenv."""
    empty(server)
    with open_database(server) as database:
        migrate(server, "shop", "shop_pristine")
        database.prepare(CONTENT, [seed], fresh=True)
        yield database


def test_what_the_job_has_rebuilt_is_what_a_reset_brings(database: Database, server: Address, seed: Path) -> None:
    """Made of the same files, with other times in its rows."""
    query(server, "UPDATE items SET made = '2001-01-01'", "shop")
    query(server, "DROP DATABASE shop_pristine")
    migrate(server, "shop_pristine")
    query(server, "UPDATE items SET made = '2002-02-02'", "shop_pristine")
    assert not database.prepare(CONTENT, [seed])
    database.reset()
    assert query(server, "SELECT name FROM items WHERE made = '2002-02-02'", "shop") == [SEEDED[0]]


LOSSES = {
    "mark": ["DROP TABLE IF EXISTS shop_devenv.devenv_mark"],
    "companion": ["DROP DATABASE IF EXISTS shop_devenv"],
    "database": ["DROP DATABASE IF EXISTS shop_devenv", "DROP DATABASE shop; CREATE DATABASE shop"],
}


@pytest.mark.parametrize("lost", LOSSES)
def test_live_data_without_a_mark_gives_way_only_where_it_is_nobodys(server: Address, seed: Path, lost: str) -> None:
    # Rows with the time would be others in the live schema than in the pristine one.
    plain = SCHEMA.replace(", made TIMESTAMP DEFAULT CURRENT_TIMESTAMP", "")

    def lose() -> None:
        for statement in LOSSES[lost]:
            query(server, statement)

    def run_job() -> None:
        query(server, "DROP DATABASE IF EXISTS shop_pristine")
        is_migrated = query(server, "SHOW TABLES LIKE 'items'", "shop")
        migrate(server, "shop_pristine", *([] if is_migrated else ["shop"]), schema=plain)

    def prepare() -> bool:
        run_job()
        with open_database(server) as database:
            return database.prepare(CONTENT, [seed])

    def use() -> None:
        run_job()
        query(server, "CREATE TABLE mine AS SELECT 1 AS n", "shop")

    empty(server)
    prepare()
    assert query(server, ROWS) == SEEDED
    assert_only_what_is_nobodys_gives_way(prepare, lambda: fingerprint(server, "shop"), lose, use)


@pytest.mark.parametrize(
    ("statement", "undo"),
    [
        ("CREATE DATABASE reports", "DROP DATABASE reports"),
        ("CREATE VIEW seen AS SELECT 1 AS n", "DROP VIEW seen"),
        ("CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1", "DROP FUNCTION one"),
        ("CREATE TABLE mine (n INT)", "DROP TABLE mine"),
    ],
)
def test_whatever_the_server_holds_beside_seeds_counts_as_touched(
    database: Database, server: Address, statement: str, undo: str
) -> None:
    root = replace(server, user="root", password=f"root-{PASSWORD}")
    user = root if "DATABASE" in statement else server
    assert not database.touched()
    query(user, statement)
    assert database.touched()
    query(user, undo)
    assert not database.touched()


def test_a_reset_brings_back_all_there_is(database: Database, server: Address) -> None:
    seeded = fingerprint(server, "shop")
    assert query(server, ROWS) == SEEDED
    for _ in range(2):  # with the spare that `prepare` made, then without
        spoil(server)
        assert fingerprint(server, "shop") != seeded
        database.reset()
        assert fingerprint(server, "shop") == seeded


def test_a_spare_is_made_while_nobody_waits(database: Database, server: Address) -> None:
    seeded = fingerprint(server, "shop")
    database.reset()
    with closing(Server(server)) as admin:
        assert not admin.mark("shop_spare")
        start_making([server])
        await_true(lambda: admin.mark("shop_spare") == CONTENT)
        assert not admin.exists("shop_old")
        spoil(server)
        database.reset()
        assert not admin.mark("shop_spare")
    assert fingerprint(server, "shop") == seeded


def test_without_a_pristine_state_there_is_no_spare(database: Database, server: Address) -> None:
    empty(server)
    database.make_spare()
    assert database.clones("shop") == ["shop"]


def test_after_a_reset_keys_triggers_and_numbers_work(database: Database, server: Address) -> None:
    spoil(server)
    database.reset()
    with pytest.raises(pymysql.IntegrityError):
        query(server, "INSERT INTO items (name, of_group) VALUES ('orphan', 7)")
    before = query(server, "SELECT count(*) FROM changes")[0][0]
    query(server, "INSERT INTO items (name, of_group) VALUES ('new', 1)")
    assert query(server, "SELECT max(id) FROM items WHERE name = 'new'")[0][0] >= 1001
    assert query(server, "SELECT count(*) FROM changes")[0][0] == before + 1
    assert query(server, "SELECT items, twice(2) FROM a_view_of_a_view") == [(3, 4)]


def test_preparing_again_leaves_live_data_alone(database: Database, server: Address, seed: Path) -> None:
    query(server, "DELETE FROM items")
    database.prepare(CONTENT, [seed])
    assert query(server, ROWS) == []


def test_transactions_are_ended_and_idle_clients_stay(database: Database, server: Address) -> None:
    with closing(connect(server, "shop")) as idle:
        # One right after the other: what the server tells of transactions may then be older than they are.
        for _ in range(5):
            with closing(connect(server, "shop")) as busy:
                busy.begin()
                with busy.cursor() as cursor:
                    cursor.execute("INSERT INTO items (name) VALUES ('never committed')")
                database.reset()
                with pytest.raises(pymysql.OperationalError), busy.cursor() as cursor:
                    cursor.execute("SELECT 1")
            with idle.cursor() as cursor:
                cursor.execute(ROWS)
                assert list(cursor.fetchall()) == SEEDED


def test_locked_tables_do_not_stop_it(database: Database, server: Address) -> None:
    with closing(connect(server, "shop")) as client, client.cursor() as cursor:
        cursor.execute("LOCK TABLES items WRITE")
        database.reset()
    assert query(server, ROWS) == SEEDED


def test_clients_that_keep_writing_see_each_row_with_its_trigger(
    database: Database, server: Address, seed: Path
) -> None:
    over = threading.Event()
    written = []

    def write() -> None:
        while not over.is_set():
            try:
                query(server, "INSERT INTO items (name) VALUES ('one of many')")
                query(server, "INSERT INTO groups_of_items (label) VALUES ('one of many')")
                written.append(1)
            except (pymysql.Error, DatabaseError):
                continue  # a transaction that was in the way

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            database.reset()
            database.prepare(CONTENT, [seed])
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert written
    unseen = "SELECT count(*) FROM items LEFT JOIN changes ON changes.item = items.id WHERE changes.id IS NULL"
    assert query(server, unseen) == [(0,)]
    # Those who wait for several tables at once get each of them with its triggers.
    unseen = "SELECT count(*) FROM groups_of_items g LEFT JOIN group_changes c ON c.of_group = g.id WHERE c.id IS NULL"
    assert query(server, unseen) == [(0,)]


def test_two_resets_at_once_follow_each_other(database: Database, server: Address) -> None:
    spoil(server)
    reset_at_once(server, 3)
    assert query(server, ROWS) == SEEDED
    assert database.pristine() == CONTENT


@pytest.mark.parametrize("after", [0.0, 0.03, 0.08, 0.17])
def test_a_reset_that_is_killed_is_mended_by_the_next(database: Database, server: Address, after: float) -> None:
    seeded = fingerprint(server, "shop")
    kill_while_resetting(server, after)
    database.reset()
    assert fingerprint(server, "shop") == seeded


@pytest.mark.usefixtures("database")
def test_a_reset_that_is_killed_halfway_ends_as_a_whole_without_another_one(server: Address) -> None:
    seeded = fingerprint(server, "shop")
    halfway = "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'RENAME TABLE%'"
    spoil(server)
    kill_while_resetting_at(server, lambda: bool(query(server, halfway)))
    with closing(Server(server)) as admin:
        locks = "SELECT IS_FREE_LOCK('devenv/shop'), IS_FREE_LOCK('devenv/shop/script')"
        await_true(lambda: admin.execute(locks)[0] == (1, 1))
        assert fingerprint(server, "shop") == seeded
        assert admin.mark("shop_devenv") == CONTENT


def test_programs_of_the_jobs_accounts_become_the_owners(database: Database, server: Address) -> None:
    as_root = replace(server, user="root", password=f"root-{PASSWORD}")
    confined = replace(server, user="devenv_pristine", password="größe ключ")  # noqa: S106 -- of this test alone
    query(as_root, "DROP USER IF EXISTS devenv_pristine; CREATE USER devenv_pristine IDENTIFIED BY 'größe ключ'")
    query(as_root, r"GRANT ALL ON `shop\_pristine`.* TO devenv_pristine; GRANT SELECT ON mysql.proc TO shop")
    empty(server)
    migrate(as_root, "shop")
    query(as_root, "CREATE DATABASE shop_pristine", "mysql")
    for statement in statements(SCHEMA):
        query(confined, statement.text, "shop_pristine")
    for reach in ("USE shop", "DELETE FROM shop.items", "DROP DATABASE shop"):
        with pytest.raises(pymysql.OperationalError, match="denied"):
            query(confined, reach, "shop_pristine")
    database.prepare(CONTENT, [], fresh=True)
    database.reset()
    definers = "SELECT definer FROM information_schema.{} WHERE {}_schema = 'shop'"
    for kind, schema in (("triggers", "trigger"), ("routines", "routine"), ("views", "table")):
        assert set(query(server, definers.format(kind, schema))) == {("shop@%",)}
    assert query(server, "CALL clear_items(); SELECT count(*) FROM items") == [(0,)]


def test_changed_content_seeds_a_rebuilt_pristine_state_and_spares_live_data(
    database: Database, server: Address, seed: Path
) -> None:
    query(server, "DELETE FROM items; DROP DATABASE shop_pristine")
    migrate(server, "shop_pristine")
    seed.write_text("INSERT INTO items (name) VALUES ('seeded anew');\n")
    database.prepare("another hash", [seed])
    assert query(server, ROWS) == []
    database.reset()
    assert query(server, ROWS) == [("first",), ("seeded anew",)]


def test_a_seed_that_fails_names_file_line_and_statement(server: Address, tmp_path: Path) -> None:
    bad = tmp_path / "02_bad.sql"
    bad.write_text("INSERT INTO items (name) VALUES ('taken back');\n\n-- so\nINSERT INTO nothing VALUES (1);\n")
    empty(server)
    with open_database(server) as database:
        migrate(server, "shop_pristine")
        with pytest.raises(DatabaseError) as caught:
            database.prepare(CONTENT, [bad])
        assert caught.value.message == "seed 02_bad.sql, line 4: 1146 Table 'shop_pristine.nothing' doesn't exist"
        assert caught.value.context["statement"] == "INSERT INTO nothing VALUES (1)"
        assert query(server, ROWS, "shop_pristine") == [("first",)]
        assert database.pristine() == ""
        with pytest.raises(DatabaseError, match="no pristine state"):
            database.reset()


def test_what_a_seed_sets_is_not_for_the_next_one(server: Address, tmp_path: Path) -> None:
    setting = tmp_path / "01_setting.sql"
    setting.write_text(
        "SET sql_mode = 'ANSI_QUOTES', foreign_key_checks = 0, autocommit = 0, @mine = 1; SET NAMES latin1;\n"
        "CREATE TEMPORARY TABLE scratch (n INT);\n"
        "INSERT INTO items (name, of_group) VALUES ('kept', 1);\n"
        "USE information_schema;\n"
    )
    plain = tmp_path / "02_plain.sql"
    plain.write_text(
        "CREATE TEMPORARY TABLE scratch (n INT); INSERT INTO items (name) VALUES (\"a text\"), ('für');\n"
        "INSERT INTO changes (item) SELECT 77 WHERE @mine IS NULL AND @@autocommit;\n"
    )
    orphan = tmp_path / "03_orphan.sql"
    orphan.write_text("INSERT INTO items (name, of_group) VALUES ('orphan', 7);\n")
    empty(server)
    with open_database(server) as database:
        migrate(server, "shop_pristine")
        with pytest.raises(DatabaseError, match=r"seed 03_orphan.sql, line 1: 1452 .*foreign key"):
            database.prepare(CONTENT, [setting, plain, orphan])
        assert query(server, ROWS, "shop_pristine") == [("first",)]
        database.prepare(CONTENT, [setting, plain])
    assert query(server, ROWS) == [("first",), ("kept",), ("a text",), ("für",)]
    assert query(server, "SELECT count(*) FROM changes WHERE item = 77") == [(1,)]


@pytest.mark.usefixtures("database")
def test_seeds_that_were_killed_halfway_are_begun_anew(server: Address, seed: Path) -> None:
    query(server, "DROP DATABASE shop_pristine")
    migrate(server, "shop_pristine")
    applying = "SELECT 1 FROM information_schema.processlist WHERE db = 'shop_pristine' AND info LIKE 'INSERT%'"
    prepare = f"from pathlib import Path; database.prepare('another hash', [Path({str(seed)!r})])"
    with closing(Server(server)) as blocker:
        blocker.execute("LOCK TABLES shop_pristine.items READ")
        kill_while_resetting_at(server, lambda: bool(query(server, applying)), prepare)
    await_true(lambda: not query(server, applying))
    assert query(server, ROWS, "shop_pristine") == SEEDED
    with open_database(server) as database:
        assert database.pristine() == ""
        database.prepare("another hash", [seed])
        assert database.pristine() == "another hash"
    assert query(server, ROWS, "shop_pristine") == SEEDED


def test_snapshots_come_back_and_go(database: Database, server: Address) -> None:
    assert_snapshots_come_back_and_go(
        database,
        lambda: fingerprint(server, "shop"),
        lambda: query(server, "INSERT INTO items (name) VALUES ('kept')"),
        lambda: spoil(server),
    )


def test_clones_are_whole_and_gone_afterwards(database: Database, server: Address) -> None:
    with holding_a_clone(server) as used:
        with pool_of(server) as pool, pool.database() as one, pool.database() as two:
            assert one.name != two.name
            query(one, "CALL clear_items()")
            assert query(two, ROWS) == SEEDED
            query(two, "INSERT INTO items (name) VALUES ('more')")
            assert query(two, "SELECT items FROM a_view_of_a_view") == [(3,)]
            kept = pool.keep(two)
        assert used in database.clones("shop_clone_")
    with pool_of(server, 1, empty=True) as pool:
        assert query(pool.take(), "SHOW TABLES") == []
    assert query(server, ROWS) == SEEDED
    assert database.clones("shop_clone_") == []
    assert query(kept, "SELECT items FROM a_view_of_a_view") == [(3,)]
    database.drop_clone(kept.name)


def test_a_wrong_password_is_told(server: Address) -> None:
    wrong = replace(server, password="wrong")  # noqa: S106 -- that is the case
    with pytest.raises(DatabaseError) as caught, open_database(wrong):
        pass
    assert "Access denied for user 'shop'" in caught.value.context["cause"]
    assert "wrong" not in repr(wrong)


@pytest.mark.usefixtures("database")
def test_text_goes_through_the_shell_unchanged_in_any_locale(
    server: Address, engine: Engine, labels: dict[str, str]
) -> None:
    script = f"INSERT INTO items (name) VALUES ('{TEXT}'); SELECT '{TEXT}' AS a;"  # noqa: S608 -- of ours
    assert said_by_shell(inside(engine, labels), "mysql", script) == {f"a\n{TEXT}\n"}
    with closing(connect(server, "shop")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT hex(name) FROM items WHERE name LIKE 'gr%'")
        assert cursor.fetchall() == ((TEXT.encode().hex().upper(),),)
