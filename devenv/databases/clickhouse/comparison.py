"""What is in a database and in the whole server, as data that can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from devenv.databases.clickhouse.objects import Kind, Object, for_database, read_objects
from devenv.databases.clickhouse.server import Server, StatementError

_RECORD = "schema_migrations"
"""Where `clickhouse-migrate` notes what it has done, and when: that differs between databases that it made alike."""
_HASH = """
SELECT count() AS number, toString(sum(cityHash64(*))) AS hash FROM {database:Identifier}.{table:Identifier}
SETTINGS final = 1
"""
"""Rows as they are when all of a table's parts are merged, which engines that sum or replace do some time later."""
_SYSTEMS = ("system", "information_schema", "INFORMATION_SCHEMA")
_DATABASES = "SELECT name FROM system.databases"
_COUNT = "SELECT count() AS number FROM system.tables WHERE database = {database:String}"
_COPIES = ("pristine", "unseeded", "spare", "scratch")


def state(server: Server, database: str, *, as_in: str) -> str:
    """A hash of everything in a database, definitions as they would be in another one; empty where there is nothing.

    Args:
        server: where it is.
        database: what is looked at.
        as_in: whose name stands in the definitions.
    """
    found = for_database(read_objects(server, database), database, as_in)
    parts: list[object] = []
    for item in found.values():
        if item.name != _RECORD:
            kept = item.inner or (item.name if item.kind in (Kind.PARTS, Kind.ROWS) else "")
            parts.append((item.name, item.definition, _rows_of(server, database, kept, item) if kept else None))
    return hashlib.sha256(repr(parts).encode()).hexdigest() if parts else ""


def _rows_of(server: Server, database: str, table: str, item: Object) -> object:
    try:
        return rows(server, database, table)
    except StatementError:
        # Columns that cannot be hashed: such a table is like itself alone.
        return database, item.fingerprint


def rows(server: Server, database: str, table: str) -> list[dict[str, object]]:
    """How many rows a table has, and a hash of them in any order."""
    return server.rows(_HASH, database=database, table=table)


def others(server: Server, name: str) -> bool:
    """Whether the server holds anything beside a database and what devenv keeps of it."""
    own = {name, *_SYSTEMS, *(f"{name}_{copy}" for copy in _COPIES)}
    names: Sequence[str] = [row["name"] for row in server.rows(_DATABASES)]
    foreign = [n for n in names if n not in own and not n.startswith((f"{name}_snapshot_", f"{name}_clone_"))]
    # The server makes this one itself.
    if foreign == ["default"]:
        return bool(int(server.rows(_COUNT, database="default")[0]["number"]))
    return bool(foreign)
