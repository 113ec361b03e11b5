-- An empty database beside the live one. Resets put copies of it in the live one's place, so it is made in that one's
-- encoding and locale: those of a copy cannot be chosen.
DROP DATABASE IF EXISTS :"pristine" WITH (FORCE);
WITH locale AS (
    SELECT d.datname, string_agg(format(' %s %L', option.name, option.value), '' ORDER BY option.place) AS options
    FROM pg_database d, to_jsonb(d) c, LATERAL (VALUES
        (1, 'ENCODING', pg_encoding_to_char(d.encoding)),
        (2, 'LC_COLLATE', d.datcollate::text),
        (3, 'LC_CTYPE', d.datctype::text),
        (4, 'LOCALE_PROVIDER', CASE c->>'datlocprovider' WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END),
        (5, 'ICU_LOCALE', coalesce(c->>'daticulocale', CASE c->>'datlocprovider' WHEN 'i' THEN c->>'datlocale' END)),
        (6, 'BUILTIN_LOCALE', CASE c->>'datlocprovider' WHEN 'b' THEN c->>'datlocale' END),
        (7, 'ICU_RULES', c->>'daticurules')
    ) option (place, name, value)
    WHERE option.value IS NOT NULL
    GROUP BY d.datname
)
SELECT format('CREATE DATABASE %I', :'pristine')
    || CASE WHEN live.options <> template.options THEN ' TEMPLATE template0' || live.options ELSE '' END
FROM locale template LEFT JOIN locale live ON live.datname = :'live'
WHERE template.datname = 'template1'
\gexec
