"""Migrations and seeds are checked before anything runs: encodings, and statements about the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.errors import Problem
from devenv.spec.checks.database_files import database_file_problems
from devenv.spec.sql.statements import statements
from devenv.spec.stack import Database, DatabaseEngine

GUARDED = "DO $$ BEGIN CREATE ROLE reporting NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"


def problems(
    folder: Path, content: bytes, engine: DatabaseEngine = "postgres", name: str = "10_x.sql"
) -> list[Problem]:
    """Of one seed file."""
    (folder / "seeds").mkdir(exist_ok=True)
    (folder / "seeds" / name).write_bytes(content)
    database = Database(
        engine=engine,
        workload="statefulset/x",
        name="x",
        user="x",
        secret="y",  # noqa: S106 -- a name
        node_port=30432,
        seeds="seeds",
    )
    return list(database_file_problems(folder, database))


@pytest.mark.parametrize("engine", ["postgres", "mysql", "clickhouse", "redis", "nats", "meilisearch"])
def test_a_file_in_another_encoding_is_told_with_line_and_byte(tmp_path: Path, engine: DatabaseEngine) -> None:
    name = {"redis": "a.redis", "nats": "a.yaml", "meilisearch": "a.json"}.get(engine, "a.sql")
    (found,) = problems(tmp_path, "-- größe\n-- x\r\nJosé".encode().replace("é".encode(), b"\xe9"), engine, name)
    assert (found.file, found.line) == (tmp_path / "seeds" / name, 3)
    assert found.message == f"{name} is not UTF-8 text: byte 0xe9 at offset 20"
    assert found.hint == "save it as UTF-8; from Latin-1: iconv -f latin1 -t utf-8"


def test_a_file_behind_a_link_to_a_folder_is_checked_and_a_hidden_one_is_no_seed(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/02.sql").write_bytes(b"SELECT 'Jos\xe9';")
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds/shared").symlink_to("../shared")
    (tmp_path / "seeds/.01.sql.swp").write_bytes(b"b0VIM\0\xe9")
    (tmp_path / "seeds/.DS_Store").write_bytes(b"\0\0\0\x01Bud1")
    (found,) = problems(tmp_path, b"SELECT 1;", "mysql", "01.sql")
    assert found.file == tmp_path / "seeds/shared/02.sql"


@pytest.mark.parametrize("name", ["10_x.SQL", "10_x.psql", "10_x.ddl", "10_x.Sql"])
def test_a_script_that_is_not_applied_for_its_name_is_told(tmp_path: Path, name: str) -> None:
    (found,) = problems(tmp_path, b"SELECT 1;", name=name)
    assert (found.message, found.hint) == ("it is not applied: seeds are *.sql files", "rename it: 10_x.sql")


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("SELECT 1;".encode("utf-16"), 1, "a.sql is UTF-16, not UTF-8"),
        (b"\xfe\xff\x00S", 1, "a.sql is UTF-16, not UTF-8"),
        ("SELECT 1;".encode("utf-32"), 1, "a.sql is UTF-32, not UTF-8"),
        (b"SELECT 1;\nSELECT '\0';", 2, "a.sql holds a NUL byte at offset 18"),
        (b"PGDMP\x01\x0e", 1, "a.sql is an archive of pg_dump, not text"),
        (b"\x1f\x8b\x08", 1, "a.sql is compressed, not text"),
    ],
)
def test_what_is_no_text_is_told_as_what_it_is(tmp_path: Path, content: bytes, line: int, message: str) -> None:
    (found,) = problems(tmp_path, content, name="a.sql")
    assert (found.line, found.message) == (line, message)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbfSELECT 1;\r\n",
        b"SELECT 1\r; SELECT '\r\n'",
        "SELECT 'a\u2028b\u0085c', 'größe 🔑'".encode(),
    ],
)
def test_marks_and_ends_of_lines_are_no_problem(tmp_path: Path, content: bytes) -> None:
    assert problems(tmp_path, content) == []


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("CREATE ROLE reporting NOLOGIN;", 1, "CREATE ROLE reporting: ", GUARDED),
        (
            "SELECT 1;\n-- it's\ncreate  user\n bob PASSWORD 'a;b';",
            3,
            "CREATE USER bob: ",
            "create user bob PASSWORD 'a;b'",
        ),
        ("/* CREATE ROLE a; */ CREATE GROUP b;", 1, "CREATE GROUP b: ", "CREATE GROUP b; EXCEPTION"),
        ("COPY t FROM stdin;\nit's; CREATE ROLE x\n\\.\nCREATE ROLE b;", 4, "CREATE ROLE b: ", "CREATE ROLE b; "),
        ("DROP ROLE bob;", 1, "DROP ROLE bob: ", "DROP ROLE IF EXISTS bob;"),
        ("CREATE DATABASE other;", 1, "CREATE DATABASE other is about the server", "db shell"),
        ("DROP DATABASE IF EXISTS alt;", 1, "DROP DATABASE alt is about the server", "db shell"),
        ("CREATE TABLESPACE fast LOCATION '/x';", 1, "CREATE TABLESPACE fast is about the server", "db shell"),
        ("SELECT 1;\n\\connect alt\nSELECT 2;", 2, "\\connect alt leads to another database", "--create"),
        ("\\c alt", 1, "\\c alt leads to another database", "--create"),
    ],
)
def test_what_is_about_the_server_is_told_with_line_and_a_form_that_works(
    tmp_path: Path, text: str, line: int, message: str, hint: str
) -> None:
    (found,) = problems(tmp_path, text.encode())
    assert found.line == line
    assert found.message.startswith(message)
    assert hint in found.hint.replace(" OR unique_violation", "")


@pytest.mark.parametrize(
    "text",
    [
        GUARDED,
        "SELECT 'CREATE ROLE a;';",
        'COMMENT ON TABLE "CREATE ROLE x;" IS $t$; CREATE ROLE x; $t$;',
        "CREATE USER MAPPING FOR x SERVER y; DROP USER MAPPING IF EXISTS FOR x SERVER y;",
        "DROP ROLE IF EXISTS bob; ALTER ROLE bob LOGIN; GRANT a TO b;",
        "COPY t FROM stdin;\nCREATE ROLE x;\n\\c y\n\\.\n",
        "INSERT INTO t VALUES (E'it\\'s; CREATE ROLE x;');",
        "SELECT 'CREATE DATABASE x' WHERE false \\gexec\n",
    ],
)
def test_what_may_be_applied_again_is_no_problem(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text.encode()) == []


@pytest.mark.parametrize("engine", ["mysql", "clickhouse"])
def test_other_servers_know_a_shorter_form(tmp_path: Path, engine: DatabaseEngine) -> None:
    text = "# it's\nCREATE USER bob IDENTIFIED BY 'x';\nCREATE USER IF NOT EXISTS eve;\n"
    (found,) = problems(tmp_path, text.encode(), engine)
    form = "CREATE USER IF NOT EXISTS bob IDENTIFIED BY 'x';"
    # The accounts that migrate the stack mysql may make none.
    elsewhere = " (in the stack mysql, whose migrations may not: take it out, and name it in the value accounts)"
    assert (found.line, found.hint) == (2, form + elsewhere if engine == "mysql" else form)


SERVERS: list[tuple[DatabaseEngine, str, str]] = [
    ("clickhouse", "CREATE FUNCTION f AS (x) -> x + 1;", "CREATE FUNCTION IF NOT EXISTS f AS (x) -> x + 1;"),
    ("clickhouse", "CREATE QUOTA q KEYED BY user_name;", "CREATE QUOTA IF NOT EXISTS q KEYED BY user_name;"),
    ("clickhouse", "CREATE SETTINGS PROFILE p;", "CREATE SETTINGS PROFILE IF NOT EXISTS p;"),
    ("clickhouse", "CREATE PROFILE p;", "CREATE PROFILE IF NOT EXISTS p;"),
    ("clickhouse", "CREATE NAMED COLLECTION c AS a = 1;", "CREATE NAMED COLLECTION IF NOT EXISTS c AS a = 1;"),
    ("clickhouse", "DROP FUNCTION f;", "DROP FUNCTION IF EXISTS f;"),
    ("clickhouse", "ALTER USER a RENAME TO b;", "ALTER USER IF EXISTS a RENAME TO b;"),
    ("clickhouse", "CREATE DATABASE IF NOT EXISTS z;", "take it out"),
    ("mysql", "CREATE SERVER s FOREIGN DATA WRAPPER mysql;", "DROP SERVER IF EXISTS s; CREATE SERVER s FOREIGN"),
    ("mysql", "RENAME USER a TO b;", "take it out"),
    ("mysql", "CREATE DATABASE z;", "take it out"),
    ("mysql", "CREATE DATABASE /*!32312 IF NOT EXISTS*/ z;", "take it out"),
    ("mysql", "/*!50000 CREATE USER bob */;", "CREATE USER IF NOT EXISTS bob;"),
    ("mysql", "DROP SCHEMA IF EXISTS z;", "take it out"),
    ("mysql", "CREATE OR REPLACE USER bob IDENTIFIED BY 'x';", "CREATE USER IF NOT EXISTS bob IDENTIFIED BY 'x';"),
    ("mysql", "CREATE FUNCTION f RETURNS STRING SONAME 'f.so';", "CREATE FUNCTION IF NOT EXISTS f RETURNS"),
    ("postgres", "SELECT pg_create_logical_replication_slot('s', 'pgoutput');", "WHERE NOT EXISTS (SELECT FROM"),
    ("postgres", "SELECT pg_create_physical_replication_slot('s');", "WHERE NOT EXISTS (SELECT FROM"),
    ("postgres", "DO $$ BEGIN CREATE ROLE bob; END $$;", "DO $$ BEGIN CREATE ROLE bob; EXCEPTION WHEN"),
    ("postgres", "DO LANGUAGE plpgsql $x$ BEGIN PERFORM 1; DROP ROLE bob; END $x$;", "DROP ROLE IF EXISTS bob;"),
    ("postgres", "DO 'BEGIN CREATE ROLE bob; END';", "DO $$ BEGIN CREATE ROLE bob; EXCEPTION"),
    ("postgres", "ALTER ROLE a RENAME TO b;", "DO $$ BEGIN ALTER ROLE a RENAME TO b; EXCEPTION WHEN undefined_object"),
]


@pytest.mark.parametrize(("engine", "text", "hint"), SERVERS)
def test_what_each_server_has_once_is_told(tmp_path: Path, engine: DatabaseEngine, text: str, hint: str) -> None:
    (found,) = problems(tmp_path, f"SELECT 1;\n{text}".encode(), engine)
    assert found.line == 2
    assert hint in found.hint


@pytest.mark.parametrize(("engine", "text", "hint"), [row for row in SERVERS if " IF " in row[2] or "DO $$" in row[2]])
def test_what_is_hinted_at_may_be_applied_again(tmp_path: Path, engine: DatabaseEngine, text: str, hint: str) -> None:
    (found,) = problems(tmp_path, text.encode(), engine)
    last = found.hint.rpartition("; CREATE SERVER")[0] or found.hint
    assert problems(tmp_path, last.encode(), engine) == [], hint


@pytest.mark.parametrize(
    ("engine", "text"),
    [
        ("clickhouse", "CREATE OR REPLACE FUNCTION f AS x -> x; CREATE ROW POLICY p ON t; ALTER USER a HOST ANY;"),
        ("clickhouse", "CREATE TABLE quota (x Int8) ENGINE = Memory; SELECT 'CREATE QUOTA q'"),
        ("mysql", "CREATE FUNCTION f() RETURNS INT RETURN 1; DROP FUNCTION f; CREATE OR REPLACE SERVER s OPTIONS ();"),
        ("mysql", "CREATE TABLE user (id INT); ALTER USER bob ACCOUNT LOCK; INSERT INTO t VALUES ('RENAME USER a');"),
        ("postgres", "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles) THEN CREATE ROLE bob; END IF; END $$;"),
        ("postgres", "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE ROLE bob; END $$;"),
        (
            "postgres",
            "SELECT pg_create_physical_replication_slot('s') WHERE NOT EXISTS (SELECT FROM pg_replication_slots);",
        ),
        ("postgres", "DO $$ BEGIN CREATE TABLE role (x int); ALTER TABLE role RENAME TO roles; END $$;"),
    ],
)
def test_what_belongs_to_the_database_is_no_problem(tmp_path: Path, engine: DatabaseEngine, text: str) -> None:
    assert problems(tmp_path, text.encode(), engine) == []


def test_dumps_that_nobody_applies_are_told(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, b"\x1f\x8b", name="dump.sql.gz")
    assert found.message == "it is not applied: seeds are *.sql files"
    assert problems(tmp_path, b"a,b", name="rows.csv") == [found]


def test_statements_are_told_apart_as_the_servers_do() -> None:
    text = "SELECT 1;;\n\n/* a;\n b */ SELECT $x$ ; $$ ; $x$;\n\\set a 1;2\nCOPY t FROM stdin;\n;\n\\.\nSELECT 2"
    found = [(statement.line, statement.text) for statement in statements(text, "postgres")]
    assert found == [
        (1, "SELECT 1"),
        (4, "SELECT $x$ ; $$ ; $x$"),
        (5, "\\set a 1;2"),
        (6, "COPY t FROM stdin"),
        (9, "SELECT 2"),
    ]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"\xef\xbb\xbfSELECT 1;", 1, "the file begins with a byte order mark, which Atlas takes for SQL"),
        (b"SELECT 1;\n\\restrict x\n", 2, "\\restrict is a command of psql, which does not apply migrations"),
        (b"SELECT 1;\nCOPY t FROM stdin;\n1\n\\.\n", 2, "rows cannot follow COPY in a migration"),
    ],
)
def test_what_atlas_cannot_take_is_told_of_migrations(tmp_path: Path, content: bytes, line: int, message: str) -> None:
    assert problems(tmp_path, content) == []
    (tmp_path / "seeds").rename(tmp_path / "migrations")
    database = Database(
        engine="postgres",
        workload="statefulset/x",
        name="x",
        user="x",
        secret="y",  # noqa: S106 -- a name
        node_port=30432,
        migrations="migrations",
    )
    (found,) = database_file_problems(tmp_path, database)
    assert (found.line, found.message) == (line, message)


@pytest.mark.parametrize("engine", ["mysql", "clickhouse"])
def test_migrations_of_other_engines_may_begin_with_a_byte_order_mark(tmp_path: Path, engine: DatabaseEngine) -> None:
    assert problems(tmp_path, b"\xef\xbb\xbfSELECT 1;\r\n", engine) == []
