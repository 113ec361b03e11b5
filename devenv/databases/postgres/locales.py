"""What a new database without content is made from, so that it is in another one's encoding and locale.

The chart's Job makes the pristine database in the same way, in SQL (`files/pristine.sql`), before its migrations run.
"""

from __future__ import annotations

import psycopg

_READ = """
WITH locale AS (
    SELECT d.datname, string_agg(format(' %%s %%L', option.name, option.value), '' ORDER BY option.place) AS options
    FROM pg_database d, to_jsonb(d) c, LATERAL (VALUES
        (1, 'ENCODING', pg_encoding_to_char(d.encoding)),
        (2, 'LC_COLLATE', d.datcollate::text),
        (3, 'LC_CTYPE', d.datctype::text),
        (4, 'LOCALE_PROVIDER', CASE c->>'datlocprovider'
            WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END),
        (5, 'ICU_LOCALE', coalesce(c->>'daticulocale', CASE c->>'datlocprovider' WHEN 'i' THEN c->>'datlocale' END)),
        (6, 'BUILTIN_LOCALE', CASE c->>'datlocprovider' WHEN 'b' THEN c->>'datlocale' END),
        (7, 'ICU_RULES', c->>'daticurules')
    ) option (place, name, value)
    WHERE option.value IS NOT NULL
    GROUP BY d.datname
)
SELECT live.options FROM locale template JOIN locale live ON live.datname = %s
WHERE template.datname = 'template1' AND live.options <> template.options
"""


def template_for(connection: psycopg.Connection, like: str) -> tuple[str, str]:
    """The template, and the options of CREATE DATABASE: of template1 none can be chosen, and it has what sites add."""
    row = connection.execute(_READ, (like,)).fetchone()
    return ("template0", str(row[0])) if row else ("template1", "")
