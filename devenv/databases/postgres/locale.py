"""Encoding and locale of a database: fixed when it is made, and the same in every copy."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

Locale = dict[str, Any]
"""Columns of pg_database, as far as the server's version has them and they are set."""

_READ = """
SELECT jsonb_strip_nulls(jsonb_build_object(
    'ENCODING', pg_encoding_to_char(d.encoding), 'LC_COLLATE', d.datcollate, 'LC_CTYPE', d.datctype,
    'LOCALE_PROVIDER', CASE c->>'datlocprovider' WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END,
    'ICU_LOCALE', coalesce(c->>'daticulocale', CASE c->>'datlocprovider' WHEN 'i' THEN c->>'datlocale' END),
    'BUILTIN_LOCALE', CASE c->>'datlocprovider' WHEN 'b' THEN c->>'datlocale' END,
    'ICU_RULES', c->>'daticurules'))
FROM pg_database d, to_jsonb(d) c WHERE d.datname = %s
"""


def read_locale(connection: psycopg.Connection, database: str) -> Locale:
    """What `CREATE DATABASE` calls them, option to value; empty when there is no such database."""
    row = connection.execute(_READ, (database,)).fetchone()
    found: Locale = row[0] if row else {}
    return found


def made_with(locale: Locale, default: Locale) -> sql.Composed:
    """The options of `CREATE DATABASE` for a locale: none where the server's template has it already."""
    if not locale or locale == default:
        return sql.Composed([])
    options = [sql.SQL(" {} {}").format(sql.SQL(name), sql.Literal(value)) for name, value in locale.items()]
    return sql.SQL(" TEMPLATE template0") + sql.Composed(options)
