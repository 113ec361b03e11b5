"""Seed files as people have them: what psql takes is taken, and what fails is told with file and line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from support.images import provide
from support.postgres_server import PostgresServer, create_databases, postgres_server

from devenv.adapters.docker import Engine
from devenv.adapters.process import Completed
from devenv.databases.database import Database
from devenv.databases.engines import open_database
from devenv.databases.postgres.connection import connect
from devenv.databases.postgres.server import Server
from devenv.errors import DatabaseError

pytestmark = pytest.mark.engine
SCHEMA = b"CREATE TABLE items (id serial PRIMARY KEY, name text NOT NULL); INSERT INTO items (name) VALUES ('first')"
TAKEN = {
    "settings of pg_dump": [
        (
            "SET statement_timeout = 0;\nSELECT set_config('search_path', '', false);\n"
            "INSERT INTO public.items VALUES (7, 'x');"
        )
    ],
    "rows after COPY": ["\\restrict aB\nCOPY public.items (name) FROM stdin;\nx\n\\.\nSELECT 1;\n\\unrestrict aB\n"],
    "COPY of Windows": ["COPY items (name) FROM stdin;\r\nx\r\n\\.\r\n"],
    "another encoding, declared": ["SET client_encoding = 'UTF8';\nINSERT INTO items (name) VALUES ('x');\n"],
    "settings of the file before": [
        "SELECT set_config('search_path', '', false);\nSET default_transaction_read_only = on;\nSET ROLE pg_monitor;\n",
        "INSERT INTO items (name) VALUES ('x');\n",
    ],
    "a transaction": ["BEGIN;\nINSERT INTO items (name) VALUES ('x');\nCOMMIT;\n"],
    "what no transaction holds": ["INSERT INTO items (name) VALUES ('x');\nVACUUM items;\n"],
    "psql's variables": ["\\set who x\nINSERT INTO items (name) VALUES (:'who');\n\\echo done\n"],
    "psql's conditions": ["\\if true\nINSERT INTO items (name) VALUES ('x');\n\\else\nnonsense;\n\\endif\n"],
    "statements that make statements": ["SELECT $$INSERT INTO items (name) VALUES ('x')$$ \\gexec\n"],
    "a DO block": ["DO $$ BEGIN INSERT INTO items (name) VALUES ('x'); PERFORM ';'; END $$;\n"],
    "percent signs": ["INSERT INTO items (name) VALUES (replace('%s %(a)s %x', '%s %(a)s %', ''));\n"],
    "a byte order mark": ["\ufeffINSERT INTO items (name) VALUES ('x');\n"],
    "a byte order mark before a command": ["\ufeff\\set who x\nINSERT INTO items (name) VALUES (:'who');\n"],
    "lines of Windows": ["-- a comment\r\nINSERT INTO items (name)\r\nVALUES ('x');\r\n"],
    "no last line end": ["INSERT INTO items (name) VALUES ('x')"],
    "nothing": ["", "INSERT INTO items (name) VALUES ('x');"],
}
REFUSED = {
    "SELECT 1;\n\nINSERT INTO nothing VALUES (1);\n": (3, 'relation "nothing" does not exist', "INSERT INTO nothing"),
    "SELECT 1; /* a\n;b */ INSERT INTO\n items\n VALUES (no)\n;\nSELECT 2;\n": (2, 'column "no" does', "INSERT INTO"),
    "SELECT 1;\r\nSELECT\r\n nothing;\r\n": (2, 'column "nothing" does not exist', "SELECT\n nothing;"),
    "COPY items FROM stdin;\n7\ta\nx\tb\n\\.\n": (3, 'invalid input syntax for type integer: "x"', "COPY items"),
    "SELECT 1;\n\\nosuch\nSELECT 2;\n": (2, "invalid command \\nosuch", ""),
    "SELECT 1;\n\\i absent.sql\n": (2, "absent.sql: No such file or directory", ""),
    "SELECT 1;\n-- it's\nSELECT 'größe\n": (3, "unterminated quoted string", "SELECT 'größe"),
}


@pytest.fixture(scope="module")
def running(engine: Engine, labels: dict[str, str]) -> Iterator[PostgresServer]:
    with postgres_server(engine, provide("postgres", engine), labels) as running:
        yield running


@pytest.fixture
def database(running: PostgresServer) -> Iterator[Database]:
    """A database whose migrations have just run."""
    with closing(Server(running.address)) as admin:
        admin.drop("shop_spare")
        for name in ("shop_pristine", "shop"):
            admin.drop(name)
            create_databases(running.address, name)
            with connect(running.address, name) as connection:
                connection.execute(SCHEMA)
    with open_database(running.address, running.execute) as database:
        yield database


def names_of(running: PostgresServer, name: str = "shop") -> list[str]:
    with connect(running.address, name) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM items ORDER BY id")]


def written(folder: Path, *texts: str) -> list[Path]:
    paths = [folder / f"{number}0 seed.sql" for number in range(1, len(texts) + 1)]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text.encode())
    return paths


@pytest.mark.parametrize("texts", TAKEN.values(), ids=TAKEN)
def test_what_psql_takes_is_taken(
    database: Database, running: PostgresServer, tmp_path: Path, texts: list[str]
) -> None:
    database.prepare("content", written(tmp_path, *texts))
    assert names_of(running) == ["first", "x"]


@pytest.mark.parametrize("text", REFUSED)
def test_what_fails_is_told_with_file_and_line_from_the_statements_beginning(
    database: Database, running: PostgresServer, tmp_path: Path, text: str
) -> None:
    line, cause, statement = REFUSED[text]
    good, bad = written(tmp_path, "INSERT INTO items (name) VALUES ('x');", text)
    with pytest.raises(DatabaseError) as caught:
        database.prepare("content", [good, bad])
    assert caught.value.message.startswith(f"seed {bad.name}, line {line}: {cause}")
    assert caught.value.context["file"] == f"{bad}:{line}"
    assert caught.value.context.get("statement", "").startswith(statement)
    # Nothing is half done: the pristine database is as its migrations made it, and takes the fixed files.
    assert database.pristine() == ""
    assert names_of(running, "shop_pristine") == ["first"]
    bad.write_text("", encoding="utf-8")
    database.prepare("content", [good, bad])
    assert names_of(running) == ["first", "x"]


def test_a_seed_may_use_other_files_of_its_folder(database: Database, running: PostgresServer, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.csv").write_text('name\n"x"\n', encoding="utf-8")
    (tmp_path / "data" / "more.psql").write_text("\\copy items (name) FROM 'data/rows.csv' csv header\n", "utf-8")
    database.prepare("content", written(tmp_path, "\\ir data/more.psql\n"))
    assert names_of(running) == ["first", "x"]


def test_seeds_see_the_settings_of_the_live_database(
    database: Database, running: PostgresServer, tmp_path: Path
) -> None:
    with connect(running.address, "shop") as connection:
        connection.execute("ALTER DATABASE shop SET search_path TO elsewhere, public")
    schema = "CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.things (n int)"
    with connect(running.address, "shop_pristine") as connection:
        connection.execute(schema.encode())
    database.prepare("content", written(tmp_path, "INSERT INTO things VALUES (1);"), fresh=True)
    with connect(running.address, "shop") as connection:
        assert connection.execute("SELECT n FROM things").fetchall() == [(1,)]


@pytest.mark.usefixtures("database")
def test_without_a_client_in_the_container_the_error_says_so(running: PostgresServer, tmp_path: Path) -> None:
    def without_psql(_: Sequence[str], stdin: bytes) -> Completed:
        return running.execute(["sh", "-c", "echo sh: psql: not found >&2; exit 127"], stdin)

    with open_database(running.address, without_psql) as other, pytest.raises(DatabaseError) as caught:
        other.prepare("content", written(tmp_path, "SELECT 1;"))
    assert "psql" in caught.value.context["last lines"]
