"""What belongs to a database as a whole and is in no copy that the server makes of it.

`CREATE DATABASE … TEMPLATE` brings along what is inside: extensions, publications, large objects, event triggers,
default privileges. Owner, privileges, settings, comment and the like are in catalogues of the whole server. Read here
as data, and given to another database in the words of pg_dump and pg_dumpall, which carry the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import psycopg
from psycopg import sql

_READ = """
SELECT pg_get_userbyid(d.datdba), t.spcname, shobj_description(d.oid, 'pg_database'),
    d.datconnlimit, d.datistemplate, d.datallowconn,
    (SELECT json_agg(json_build_array(setting.role, split_part(setting.text, '=', 1),
                                      substr(setting.text, strpos(setting.text, '=') + 1))
                     ORDER BY setting.role IS NOT NULL, setting.role, setting.place)
     FROM (SELECT CASE s.setrole WHEN 0 THEN NULL ELSE pg_get_userbyid(s.setrole) END, each.text, each.place
           FROM pg_db_role_setting s, unnest(s.setconfig) WITH ORDINALITY each (text, place)
           WHERE s.setdatabase = d.oid) setting (role, text, place)),
    (SELECT json_agg(json_build_array(provider, label) ORDER BY provider)
     FROM pg_shseclabel WHERE objoid = d.oid AND classoid = 'pg_database'::regclass),
    d.datacl IS NOT NULL,
    (SELECT json_agg(json_build_array(pg_get_userbyid(a.grantor),
                                      CASE a.grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(a.grantee) END,
                                      a.privilege_type, a.is_grantable) ORDER BY a.place)
     FROM aclexplode(d.datacl) WITH ORDINALITY a (grantor, grantee, privilege_type, is_grantable, place))
FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = %s
"""
_LISTS = frozenset(
    {
        "local_preload_libraries",
        "search_path",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    }
)
"""Settings whose value is a list of quoted names; the same as `variable_is_guc_list_quote` in pg_dump's dumputils.c."""
_LIST_ENTRY = re.compile(r'"((?:[^"]|"")*)"|([^\s,]+)')
_NEW = (-1, False, True)
"""Connection limit, whether it is a template, whether it allows connections: as a new database has it."""


class Setting(NamedTuple):
    """`ALTER DATABASE … SET`, or `ALTER ROLE … IN DATABASE … SET`."""

    role: str | None
    name: str
    value: str
    """As the catalogue has it."""


class Privilege(NamedTuple):
    """One entry of the list of privileges."""

    grantor: str
    grantee: str | None
    """None for PUBLIC."""
    privilege: str
    grantable: bool


@dataclass(frozen=True, slots=True)
class Properties:
    """What belongs to one database as a whole, except for its name and locale."""

    owner: str
    tablespace: str
    comment: str | None
    connection_limit: int
    is_template: bool
    allows_connections: bool
    settings: tuple[Setting, ...]
    labels: tuple[tuple[str, str], ...]
    """Provider and security label."""
    privileges: tuple[Privilege, ...] | None
    """In the order of the list; None for the default privileges."""


def read_properties(connection: psycopg.Connection, database: str) -> Properties | None:
    """What a database has; None when there is no such database."""
    row = connection.execute(_READ, (database,)).fetchone()
    if row is None:
        return None
    owner, tablespace, comment, limit, is_template, allows_connections, settings, labels, listed, privileges = row
    return Properties(
        owner=owner,
        tablespace=tablespace,
        comment=comment,
        connection_limit=limit,
        is_template=is_template,
        allows_connections=allows_connections,
        settings=tuple(Setting(*setting) for setting in settings or ()),
        labels=tuple((provider, label) for provider, label in labels or ()),
        privileges=tuple(Privilege(*entry) for entry in privileges or ()) if listed else None,
    )


def giving_all(properties: Properties, database: str) -> sql.Composed:
    """The statements that give them to a new database, which has none yet. They can be part of a transaction."""
    return sql.SQL("; ").join(_statements(properties, sql.Identifier(database)))


def giving_settings(properties: Properties, database: str) -> sql.Composed:
    """The same for the settings alone."""
    return sql.SQL("; ").join(_setting(setting, sql.Identifier(database)) for setting in properties.settings)


def _statements(properties: Properties, database: sql.Identifier) -> Iterator[sql.Composed]:
    yield sql.SQL("ALTER DATABASE {} OWNER TO {}").format(database, sql.Identifier(properties.owner))
    if properties.comment is not None:
        yield sql.SQL("COMMENT ON DATABASE {} IS {}").format(database, sql.Literal(properties.comment))
    if (properties.connection_limit, properties.is_template, properties.allows_connections) != _NEW:
        yield sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {} IS_TEMPLATE {} ALLOW_CONNECTIONS {}").format(
            database, properties.connection_limit, properties.is_template, properties.allows_connections
        )
    for provider, label in properties.labels:
        yield sql.SQL("SECURITY LABEL FOR {} ON DATABASE {} IS {}").format(sql.Identifier(provider), database, label)
    for setting in properties.settings:
        yield _setting(setting, database)
    if properties.privileges is not None:
        yield from _privileges(properties.owner, properties.privileges, database)


def _setting(setting: Setting, database: sql.Identifier) -> sql.Composed:
    whose = sql.SQL("DATABASE {}").format(database)
    if setting.role is not None:
        whose = sql.SQL("ROLE {} IN DATABASE {}").format(sql.Identifier(setting.role), database)
    # Each entry of a list is a word of its own: in one literal they would be one name.
    values = _entries(setting.value) if setting.name.lower() in _LISTS else [setting.value]
    value = sql.SQL(", ").join(map(sql.Literal, values))
    return sql.SQL("ALTER {} SET {} TO {}").format(whose, sql.Identifier(setting.name), value)


def _entries(value: str) -> list[str]:
    found = [bare or quoted.replace('""', '"') for quoted, bare in _LIST_ENTRY.findall(value)]
    return found or [""]


def _privileges(owner: str, privileges: tuple[Privilege, ...], database: sql.Identifier) -> Iterator[sql.Composed]:
    """From nothing and in the list's order, so that the new list is the same one."""
    for grantee in (sql.SQL("PUBLIC"), sql.Identifier(owner)):
        yield sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(database, grantee)
    for entry in privileges:
        grantee = sql.SQL("PUBLIC") if entry.grantee is None else sql.Identifier(entry.grantee)
        option = sql.SQL(" WITH GRANT OPTION" if entry.grantable else "")
        grant = sql.SQL("GRANT {} ON DATABASE {} TO {}{}").format(sql.SQL(entry.privilege), database, grantee, option)
        if entry.grantor == owner:
            yield grant
        else:
            yield sql.SQL("SET LOCAL ROLE {}; {}; RESET ROLE").format(sql.Identifier(entry.grantor), grant)
