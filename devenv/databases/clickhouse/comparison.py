"""What is in a database and in the whole server, as data that can be compared."""

from __future__ import annotations

import hashlib

from devenv.databases.clickhouse.objects import Kind, Object, for_database, read_objects
from devenv.databases.clickhouse.server import Server, StatementError
from devenv.databases.database import EMPTY, unrelated

_RECORD = "schema_migrations"
"""Where `clickhouse-migrate` notes what it has done, and when: that differs between databases that it made alike."""
_HASH = """
SELECT count() AS number, toString(sum(cityHash64(*))) AS hash FROM {database:Identifier}.{table:Identifier}
SETTINGS final = 1
"""
"""Rows as they are when all of a table's parts are merged, which engines that sum or replace do some time later."""
_SYSTEMS = ("system", "information_schema", "INFORMATION_SCHEMA")
_TOTAL = """
SELECT count() AS tables, sum(total_bytes) AS bytes FROM system.tables WHERE database = {database:String}
"""
_COMPARED_BYTES = 16 << 20
"""Up to this size, compressed, rows are read to compare them: a fraction of a second."""
_COPIES = ("pristine", "unseeded", "spare", "scratch")


class ClickHouseComparison:
    """See `devenv.databases.database.Comparison`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._name = server.address.name

    def state(self, *, pristine: bool) -> str:
        """Definitions of both are compared as they are in the live database."""
        database = f"{self._name}_pristine" if pristine else self._name
        found = for_database(read_objects(self._server, database), database, self._name)
        parts = [
            (item.name, item.definition, self._rows(database, kept, item) if kept else None)
            for item in found.values()
            if item.name != _RECORD
            for kept in [item.inner or (item.name if item.kind in (Kind.PARTS, Kind.ROWS) else "")]
        ]
        return hashlib.sha256(repr(parts).encode()).hexdigest() if parts else EMPTY

    def has_more(self) -> bool:
        foreign = unrelated(self._server.databases(""), self._name, copies=_COPIES, systems=_SYSTEMS)
        # The server makes this one itself.
        if foreign and (foreign != ["default"] or self._total("default").get("tables")):
            return True
        return (self._total(self._name).get("bytes") or 0) > _COMPARED_BYTES

    def _total(self, database: str) -> dict[str, int]:
        (row,) = self._server.rows(_TOTAL, database=database)
        return row

    def _rows(self, database: str, table: str, item: Object) -> object:
        """How many rows a table has, and a hash of them in any order."""
        try:
            return self._server.rows(_HASH, database=database, table=table)
        except StatementError:
            # Columns that cannot be hashed: such a table is like itself and what shares its parts.
            return item.fingerprint or database
