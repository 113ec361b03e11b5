"""What devenv notes of each database of a server: what its copies were made from, when a snapshot was taken.

Kept in a database of devenv's own, `<name>_devenv`, which is also where it is connected to while it copies and renames
the others. A database is known by its number there: that stays when it is renamed, and a new one has another. Its
comment is the user's.
"""

from __future__ import annotations

import psycopg
from psycopg import sql
from psycopg.rows import scalar_row

from devenv.databases.address import Address
from devenv.databases.postgres.connection import connect
from devenv.errors import DatabaseError

_MAINTENANCE = "postgres"
"""Every server has it, unless somebody dropped it."""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('devenv/marks', 0))"
_TABLE = "CREATE TABLE IF NOT EXISTS public.marks (database oid PRIMARY KEY, mark text NOT NULL)"
_FORMER = """
SELECT d.oid, d.datname, c.description FROM pg_database d JOIN pg_shdescription c
ON c.objoid = d.oid AND c.classoid = 'pg_database'::regclass
WHERE (d.datname = ANY(%s) AND c.description ~ '^([0-9a-f]{40}|restored)$')
OR (starts_with(d.datname, %s) AND c.description ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T')
"""
"""Earlier versions of devenv kept their marks as comments."""


def connect_home(address: Address) -> psycopg.Connection:
    """A connection to devenv's own database, which is made where there is none; raises DatabaseError."""
    home = f"{address.name}_devenv"
    try:
        connection = connect(address, home)
    except DatabaseError:
        # Whether it is missing or something else is wrong, a failed login does not tell. This one would fail as well.
        with _connect_elsewhere(address) as elsewhere:
            _create(elsewhere, home)
        connection = connect(address, home)
    if connection.execute("SELECT to_regclass('public.marks')").fetchone() == (None,):
        with connection.transaction():
            connection.execute(_LOCK)
            connection.execute(_TABLE)
            _take_over(connection, address.name)
    return connection


def mark_of(connection: psycopg.Connection, database: str) -> str | None:
    """A database's mark: empty when it has none, None when there is no such database."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        found: str | None = cursor.execute(
            "SELECT coalesce(mark, '') FROM pg_database d LEFT JOIN public.marks m ON m.database = d.oid"
            " WHERE datname = %s",
            (database,),
        ).fetchone()
        return found


def set_mark(connection: psycopg.Connection, database: str, mark: str) -> None:
    """Note something of a database, and forget those that are gone."""
    connection.execute("DELETE FROM public.marks WHERE database NOT IN (SELECT oid FROM pg_database)")
    connection.execute(
        "INSERT INTO public.marks SELECT oid, %s FROM pg_database WHERE datname = %s"
        " ON CONFLICT (database) DO UPDATE SET mark = excluded.mark",
        (mark, database),
    )


def _connect_elsewhere(address: Address) -> psycopg.Connection:
    try:
        return connect(address, _MAINTENANCE)
    except DatabaseError as error:
        try:
            return connect(address, address.name)
        except DatabaseError:
            raise error from None


def _create(connection: psycopg.Connection, home: str) -> None:
    # In an encoding and order that every server can make, whatever its own are.
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        connection.execute(statement.format(sql.Identifier(home)))
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        # Made meanwhile by another process, which is as good.
        return


def _take_over(connection: psycopg.Connection, name: str) -> None:
    """Have what comments say as marks, so that live data still counts as prepared."""
    own = [name, f"{name}_pristine", f"{name}_spare"]
    for number, database, comment in connection.execute(_FORMER, (own, f"{name}_snapshot_")).fetchall():
        connection.execute("INSERT INTO public.marks VALUES (%s, %s) ON CONFLICT DO NOTHING", (number, comment))
        connection.execute(sql.SQL("COMMENT ON DATABASE {} IS NULL").format(sql.Identifier(database)))
