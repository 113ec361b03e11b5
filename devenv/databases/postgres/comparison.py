"""What is in a database and in the whole server, as data that can be compared.

Left out is what Atlas notes: when it ran differs between two databases that it made alike.
"""

from __future__ import annotations

import hashlib

import psycopg
from psycopg import sql

from devenv.databases.database import EMPTY, unrelated
from devenv.databases.postgres.connection import connect
from devenv.databases.postgres.server import Server

_WITH = """
WITH own AS (
  SELECT oid, nspname FROM pg_namespace
  WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'atlas_schema_revisions')
), extended AS (
  SELECT objid FROM pg_depend WHERE deptype = 'e'
), relation AS (
  SELECT c.*, nspname FROM pg_class c JOIN own n ON n.oid = relnamespace WHERE c.oid NOT IN (SELECT objid FROM extended)
)
"""
"""Without what belongs to the server and to extensions."""
_TABLES = "SELECT nspname, relname FROM relation WHERE relkind IN ('r', 'p') ORDER BY 1, 2"
_DEFINITIONS = """
SELECT 'column', nspname, relname, relkind::text, concat_ws(' ', attnum, attname, format_type(atttypid, atttypmod),
  attnotnull, pg_get_expr(d.adbin, d.adrelid))
FROM relation LEFT JOIN pg_attribute a ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef d ON adrelid = relation.oid AND adnum = attnum
WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
UNION ALL
SELECT 'view', nspname, relname, '', pg_get_viewdef(oid) FROM relation WHERE relkind IN ('v', 'm')
UNION ALL
SELECT 'routine', nspname, proname, prokind::text,
  CASE prokind WHEN 'a' THEN pg_get_function_identity_arguments(p.oid) ELSE pg_get_functiondef(p.oid) END
FROM pg_proc p JOIN own ON own.oid = pronamespace WHERE p.oid NOT IN (SELECT objid FROM extended)
UNION ALL
SELECT 'trigger', nspname, tgname, tgenabled::text, pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN relation ON relation.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT 'type', nspname, typname, typtype::text, coalesce(format_type(nullif(typbasetype, 0), typtypmod),
  (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid), '')
FROM pg_type t JOIN own ON own.oid = typnamespace
WHERE typtype IN ('e', 'd', 'r') AND t.oid NOT IN (SELECT objid FROM extended)
UNION ALL
SELECT 'schema', nspname, '', '', '' FROM own WHERE nspname <> 'public' AND oid NOT IN (SELECT objid FROM extended)
ORDER BY 1, 2, 3, 4, 5
"""
_LARGE_OBJECTS = """
SELECT (SELECT count(*) FROM pg_largeobject_metadata), count(*),
  coalesce(sum(hashtextextended(pageno || ' ' || encode(data, 'hex'), 0)::numeric), 0)
FROM pg_largeobject
"""
_ALL = "SELECT datname FROM pg_database WHERE NOT datistemplate"
_MAINTENANCE = "postgres"
_COMPARED_BYTES = 64 << 20
"""Up to this size rows are read to compare them: a second at most."""
_COPIES = ("pristine", "spare", "seeding", "old", "devenv", "saving", "restoring")


class PostgresComparison:
    """See `devenv.databases.database.Comparison`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._name = server.address.name

    def state(self, *, pristine: bool) -> str:
        return self._state(f"{self._name}_pristine" if pristine else self._name)

    def has_more(self) -> bool:
        found = [name for (name,) in self._server.connection.execute(_ALL)]
        if unrelated(found, self._name, copies=_COPIES, systems=(_MAINTENANCE,)):
            return True
        size = sum(facts.size_bytes for facts in self._server.find(self._name) if facts.name == self._name)
        return size > _COMPARED_BYTES or (self._name != _MAINTENANCE and self._state(_MAINTENANCE) != EMPTY)

    def _state(self, database: str) -> str:
        if self._server.mark(database) is None:
            return EMPTY
        with connect(self._server.address, database) as connection:
            definitions = connection.execute(_WITH + _DEFINITIONS).fetchall()
            objects = connection.execute(_LARGE_OBJECTS).fetchone()
            rows = _rows(connection)
        if not definitions and objects == (0, 0, 0):
            return EMPTY
        return hashlib.sha256(repr((definitions, objects, rows)).encode()).hexdigest()


def _rows(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    """Each table with the number of its rows, and a hash of them in any order."""
    count = sql.SQL("SELECT {}, {}, count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM ONLY {} t")
    tables = connection.execute(_WITH + _TABLES).fetchall()
    counts = [count.format(sql.Literal(s), sql.Literal(t), sql.Identifier(s, t)) for s, t in tables]
    return connection.execute(sql.SQL(" UNION ALL ").join(counts)).fetchall() if counts else []
