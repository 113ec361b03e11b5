"""All that pg_dump and pg_dumpall carry for a database outlives resets and restores, and is in clones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.pq import ExecStatus
from support.images import provide
from support.postgres_server import PostgresServer, create_databases, postgres_server

from devenv.adapters.docker import Engine
from devenv.databases.database import Database
from devenv.databases.engines import open_database
from devenv.databases.postgres.connection import connect
from devenv.databases.postgres.server import Server

pytestmark = pytest.mark.engine
CONTENT = "0123456789abcdef0123456789abcdef01234567"
SCHEMA = r"""
SET search_path = public;
CREATE SCHEMA app;
CREATE EXTENSION pgcrypto;
CREATE EXTENSION postgres_fdw SCHEMA app;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere');
CREATE USER MAPPING FOR shop SERVER elsewhere OPTIONS (user 'x', password 'y');
CREATE COLLATION app.german (provider = icu, locale = 'de-DE');
CREATE DOMAIN app.name AS text COLLATE app.german CHECK (length(value) < 100);
CREATE TYPE app.mood AS ENUM ('glad', 'sad');
CREATE TABLE app.items (id bigserial PRIMARY KEY, name app.name, mood app.mood, picture oid, at date DEFAULT now());
COMMENT ON COLUMN app.items.id IS 'it''s kept';
INSERT INTO app.items (name, mood, picture) VALUES ('größe', 'glad', lo_from_bytea(4711, '\x010203'));
GRANT SELECT ON LARGE OBJECT 4711 TO reader;
CREATE TABLE parts (id int, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE parts_2027 PARTITION OF parts FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
INSERT INTO parts VALUES (1, '2027-05-05');
CREATE UNLOGGED TABLE cache (k text PRIMARY KEY);
INSERT INTO cache VALUES ('warm');
CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM parts;
CREATE STATISTICS app.related (dependencies) ON name, mood FROM app.items;
CREATE FUNCTION app.told() RETURNS event_trigger LANGUAGE plpgsql SET search_path = app, public AS 'BEGIN END';
CREATE EVENT TRIGGER told ON ddl_command_end EXECUTE FUNCTION app.told();
ALTER TABLE app.items ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.items TO reader USING (mood = 'glad');
CREATE PUBLICATION changes FOR TABLE app.items (id, name) WHERE (id > 0);
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO reader;
"""
ROLES = [
    f"DO $$ BEGIN CREATE ROLE {name}; EXCEPTION WHEN duplicate_object THEN END $$"
    for name in ("reader", '"we ird"', "keeper")
]
PROPERTIES = """
ALTER DATABASE shop SET search_path TO app, "My Schema", "$user", public;
ALTER DATABASE shop SET work_mem TO '7168kB';
ALTER DATABASE shop SET "app.tenant" TO 'o''x = "1", 2';
ALTER DATABASE shop SET session_preload_libraries TO 'auto_explain', 'pg_stat_statements';
ALTER ROLE shop IN DATABASE shop SET search_path TO '', extra;
ALTER ROLE "we ird" IN DATABASE shop SET statement_timeout TO '5s';
ALTER DATABASE shop CONNECTION LIMIT 77 IS_TEMPLATE true;
COMMENT ON DATABASE shop IS 'the user''s own';
REVOKE CONNECT ON DATABASE shop FROM PUBLIC;
GRANT CONNECT ON DATABASE shop TO reader WITH GRANT OPTION;
ALTER DATABASE shop OWNER TO keeper;
SET ROLE reader; GRANT CONNECT ON DATABASE shop TO "we ird"; RESET ROLE;
GRANT TEMPORARY ON DATABASE shop TO reader;
"""
DE_DE = "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'"
IN_PLACE = "SET allow_in_place_tablespaces = on"


@pytest.fixture(scope="module")
def running(engine: Engine, labels: dict[str, str]) -> Iterator[PostgresServer]:
    with postgres_server(engine, provide("postgres", engine), labels) as running:
        yield running


@pytest.fixture
def database(running: PostgresServer, tmp_path: Path) -> Iterator[Database]:
    """A database with something of everything."""
    _as_admin(running, *ROLES, "DROP DATABASE IF EXISTS shop_pristine WITH (FORCE)")
    with closing(Server(running.address)) as admin:
        admin.drop("shop")
        for name in ("shop", "shop_pristine"):
            create_databases(running.address, name)
            _in(running, name, SCHEMA)
    seed = tmp_path / "10_seed.sql"
    seed.write_text("INSERT INTO app.items (name, mood) VALUES ('seeded', 'sad');\n", encoding="utf-8")
    with open_database(running.address, running.execute) as database:
        database.prepare(CONTENT, [seed])
        yield database


def _as_admin(running: PostgresServer, *statements: str) -> None:
    _in(running, "postgres", *statements)


def _in(running: PostgresServer, name: str, *statements: str) -> None:
    with connect(running.address, name) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _spoil(running: PostgresServer) -> None:
    _in(
        running,
        "shop",
        "DROP EXTENSION pgcrypto; DROP PUBLICATION changes; DROP EVENT TRIGGER told; SELECT lo_unlink(4711);"
        "TRUNCATE app.items, public.parts, public.cache; REFRESH MATERIALIZED VIEW public.totals;"
        "CREATE TABLE public.extra (n int)",
    )


def test_what_belongs_to_the_database_as_a_whole_outlives_resets(database: Database, running: PostgresServer) -> None:
    _as_admin(running, *PROPERTIES.strip().split("\n"))
    before = running.dumped("shop")
    assert """ALTER DATABASE shop SET search_path TO 'app', 'My Schema', '$user', 'public';""" in before
    for _ in range(2):  # with the spare that `prepare` made, then without
        _spoil(running)
        assert running.dumped("shop") != before
        database.reset()
        assert running.dumped("shop") == before
    database.make_spare()
    assert running.dumped("shop") == before


def test_default_privileges_stay_the_default(database: Database, running: PostgresServer) -> None:
    before = running.dumped("shop")
    database.reset()
    assert running.dumped("shop") == before
    with connect(running.address, "postgres") as connection:
        found = connection.execute("SELECT datacl FROM pg_database WHERE datname = 'shop'").fetchone()
    assert found == (None,)


def test_a_restored_snapshot_is_the_database_as_it_was(database: Database, running: PostgresServer) -> None:
    _as_admin(running, *PROPERTIES.strip().split("\n"))
    before = running.dumped("shop")
    database.snapshots.save("then")
    _spoil(running)
    _as_admin(
        running, "ALTER DATABASE shop RESET ALL; ALTER DATABASE shop OWNER TO shop; COMMENT ON DATABASE shop IS ''"
    )
    database.snapshots.restore("then")
    assert running.dumped("shop") == before
    database.snapshots.remove("then")


def test_a_clone_is_the_pristine_database_under_another_name(database: Database, running: PostgresServer) -> None:
    _as_admin(running, *PROPERTIES.strip().split("\n"))
    expected = running.dumped("shop")
    clone = database.clone("shop_clone_1_x").address
    assert running.dumped(clone.name).replace(clone.name, "shop") == expected
    database.drop_clone(clone.name)


def test_an_empty_clone_has_what_belongs_to_the_live_database_and_nothing_in_it(
    database: Database, running: PostgresServer
) -> None:
    _as_admin(running, *PROPERTIES.strip().split("\n"))
    clone = database.clone("shop_clone_1_z", empty=True).address
    dumped, live = (running.dumped(name).replace(clone.name, "shop") for name in (clone.name, "shop"))
    assert "CREATE TABLE" in live
    assert "CREATE TABLE" not in dumped
    assert [line for line in dumped.splitlines() if " DATABASE " in line] == [
        line for line in live.splitlines() if " DATABASE " in line
    ]
    database.drop_clone(clone.name)


def test_a_comment_of_the_users_is_no_mark_of_ours(database: Database, running: PostgresServer) -> None:
    _in(running, "shop", "COMMENT ON DATABASE shop IS NULL; TRUNCATE app.items")
    database.prepare(CONTENT, [])
    with connect(running.address, "shop") as connection:
        assert connection.execute("SELECT count(*) FROM app.items").fetchone() == (0,)


@pytest.mark.usefixtures("database")
def test_comments_of_an_earlier_devenv_still_count(running: PostgresServer) -> None:
    _as_admin(running, "DROP DATABASE shop_devenv WITH (FORCE)")
    for name in ("shop", "shop_pristine", "shop_spare"):
        comment = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), CONTENT)
        with connect(running.address, "postgres") as connection:
            connection.execute(comment)
    _in(running, "shop", "TRUNCATE app.items")
    with open_database(running.address, running.execute) as later:
        assert later.pristine() == CONTENT
        later.prepare(CONTENT, [])
    assert CONTENT not in running.dumped("shop")
    with connect(running.address, "shop") as connection:
        assert connection.execute("SELECT count(*) FROM app.items").fetchone() == (0,)


def test_tablespace_and_locale_are_those_of_the_live_database(database: Database, running: PostgresServer) -> None:
    _as_admin(running, "DROP DATABASE shop")
    with connect(running.address, "postgres") as connection:
        connection.execute(IN_PLACE)
        connection.execute("CREATE TABLESPACE aside LOCATION ''")
        connection.execute(f"CREATE DATABASE shop {DE_DE} TABLESPACE aside".encode())
    before = running.dumped("shop")
    assert database.pristine() == ""  # it is in another locale: migrations have to run from nothing
    clone = database.clone("shop_clone_1_y", empty=True).address
    assert running.dumped(clone.name).replace(clone.name, "shop") == before
    database.drop_clone(clone.name)
    with connect(running.address, "postgres") as connection:
        connection.execute("DROP DATABASE shop_pristine")
        connection.execute(f"CREATE DATABASE shop_pristine {DE_DE}".encode())
    database.prepare(CONTENT, [])
    database.reset()
    assert running.dumped("shop") == before
    _as_admin(running, "DROP DATABASE shop WITH (FORCE)", "DROP DATABASE IF EXISTS shop_spare")
    with closing(Server(running.address)) as admin:
        for name in ("shop_old", "shop_pristine"):
            admin.drop(name)
    _as_admin(running, "DROP TABLESPACE aside")


def test_subscriptions_are_handed_over_disabled(database: Database, running: PostgresServer) -> None:
    _in(
        running,
        "shop",
        "CREATE SUBSCRIPTION news CONNECTION 'host=nowhere' PUBLICATION p, \"q r\""
        " WITH (connect = false, slot_name = 'news', binary = true, synchronous_commit = 'local')",
        "COMMENT ON SUBSCRIPTION news IS 'from there'",
    )
    before = running.dumped("shop")
    for _ in range(2):
        _spoil(running)
        database.reset()
        assert running.dumped("shop") == before
    _in(running, "shop", "ALTER SUBSCRIPTION news SET (slot_name = NONE)", "DROP SUBSCRIPTION news")


def test_a_replication_slot_in_use_stops_no_reset(database: Database, running: PostgresServer) -> None:
    address = running.address
    _in(running, "shop", "SELECT pg_create_logical_replication_slot('cdc', 'pgoutput')")
    with closing(psycopg.connect(address.url, autocommit=True, replication="database")) as client:
        follow = b"START_REPLICATION SLOT cdc LOGICAL 0/0 (proto_version '1', publication_names 'changes')"
        assert client.pgconn.exec_(follow).status == ExecStatus.COPY_BOTH
        database.reset()
        database.make_spare()
    with connect(address, "shop") as connection:
        assert connection.execute("SELECT count(*) FROM app.items").fetchone() == (2,)
