"""The tables, views and dictionaries of a database as data, and their definitions for another database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from devenv.databases.clickhouse.script import tokens
from devenv.databases.clickhouse.server import Server, identifier

_INNER = re.compile(r"\.inner_id\.(?P<view>[0-9a-f-]{36})")
"""A materialized view without TO keeps its rows in a table of this name."""
_PLAIN_NAME = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_QUOTES = b"`\"'"

_OBJECTS = """
SELECT name, engine, create_table_query AS definition, toString(uuid) AS uuid, has_own_data
FROM system.tables WHERE database = {database:String} ORDER BY name
"""
_FINGERPRINTS = """
SELECT table, toString(sum(cityHash64(partition_id, rows, hash_of_all_files))) AS fingerprint
FROM system.parts WHERE database = {database:String} AND active GROUP BY table
"""


class Kind(StrEnum):
    """What has to be done to bring an object's content along; in the order in which objects are made."""

    PARTS = "parts"
    """A table of the MergeTree family: its parts can be shared."""
    ROWS = "rows"
    """A table with rows of its own, which have to be copied."""
    BARE = "bare"
    """A definition only: views, dictionaries, tables over other tables."""
    VIEW = "materialized view"
    """Made last, so that it sees nothing of what is copied."""


@dataclass(frozen=True, slots=True)
class Object:
    """A table, a view or a dictionary."""

    name: str
    engine: str
    definition: str
    """The statement that makes it, as the server words it."""
    kind: Kind
    fingerprint: str
    """Differs when the rows differ (and at times when they do not); empty where it cannot be told."""
    inner: str = ""
    """The table with a materialized view's own rows."""


def read_objects(server: Server, database: str) -> dict[str, Object]:
    """What is in a database, by name. Inner tables are told with their views."""
    prints = {row["table"]: row["fingerprint"] for row in server.rows(_FINGERPRINTS, database=database)}
    rows = server.rows(_OBJECTS, database=database)
    inner = {match["view"]: row["name"] for row in rows if (match := _INNER.fullmatch(row["name"]))}
    hidden = set(inner.values())
    return {row["name"]: _object(row, inner, prints) for row in rows if row["name"] not in hidden}


def _object(row: Mapping[str, Any], inner: Mapping[str, str], prints: Mapping[str, str]) -> Object:
    own = inner.get(row["uuid"], "")
    kind = _kind(row["engine"], own_data=bool(row["has_own_data"]))
    return Object(row["name"], row["engine"], row["definition"], kind, prints.get(own or row["name"], ""), own)


def for_database(objects: Mapping[str, Object], source: str, target: str) -> dict[str, Object]:
    """The same objects as they would be in another database."""
    return {name: replace(found, definition=moved(found.definition, source, target)) for name, found in objects.items()}


def moved(definition: str, source: str, target: str) -> str:
    """A definition with all references to one database turned to another.

    The server words references as `source.name`, as a literal `'source.name'` (dictGet) or `'source'` (Merge, Buffer).
    """
    sql, old, new = definition.encode(), source.encode(), target.encode()
    pieces: list[bytes] = []
    end = 0
    after_dot = False
    for token in tokens(sql):
        pieces.append(sql[end : token.start])
        followed_by_dot = sql[token.end : token.end + 1] == b"."
        pieces.append(_turned(token.text, old, new, is_qualifier=followed_by_dot and not after_dot))
        after_dot = token.text == b"."
        end = token.end
    return b"".join((*pieces, sql[end:])).decode()


def headed(definition: str, database: str, name: str) -> str:
    """A definition whose own name is another one; what it refers to stays."""
    sql = definition.encode()
    found = list(tokens(sql))
    dot = next(place for place, token in enumerate(found) if token.text == b".")
    start, end = found[dot - 1].start, found[dot + 1].end
    own = f"{identifier(database)}.{identifier(name)}".encode()
    return (sql[:start] + own + sql[end:]).decode()


def _turned(token: bytes, old: bytes, new: bytes, *, is_qualifier: bool) -> bytes:
    quote = token[:1] if token[:1] in _QUOTES and len(token) > 1 else b""
    bare = token[1:-1] if quote else token
    if quote == b"'":
        if bare == old or bare.startswith(old + b"."):
            return quote + new + bare[len(old) :] + quote
    elif bare == old and is_qualifier:
        return new if _PLAIN_NAME.fullmatch(new) else b"`" + new + b"`"
    return token


def _kind(engine: str, *, own_data: bool) -> Kind:
    if engine == "MaterializedView":
        return Kind.VIEW
    if engine.endswith("MergeTree"):
        return Kind.PARTS
    # The server counts as own data what is on disk. A Set can be asked for members, not for rows: it comes back empty.
    return Kind.ROWS if engine == "Memory" or (own_data and engine != "Set") else Kind.BARE
