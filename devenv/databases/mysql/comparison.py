"""What is in a schema and in the whole server, as data that can be compared.

Left out is what Flyway notes: when it ran differs between two schemas that it made alike.
"""

from __future__ import annotations

import hashlib
import re

from devenv.databases.database import EMPTY, unrelated
from devenv.databases.flyway import HISTORY
from devenv.databases.mysql import structure
from devenv.databases.mysql.server import Server, quoted

_NEXT_NUMBER = re.compile(r" AUTO_INCREMENT=\d+")
"""The next number of a table says nothing of its rows."""
_TRIGGERS = """
SELECT trigger_name, event_object_table, action_timing, event_manipulation, action_order, action_statement
FROM information_schema.triggers WHERE trigger_schema = %s ORDER BY 2, 3, 4, 5
"""
_COMPARED_BYTES = 64 << 20
"""Up to this size tables are read to compare them: a fraction of a second."""
_SYSTEMS = ("mysql", "information_schema", "performance_schema", "sys", "test")
_COPIES = ("pristine", "unseeded", "spare", "old", "devenv", "gate", "saving", "restoring")


class MySQLComparison:
    """See `devenv.databases.database.Comparison`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._name = server.address.name

    def state(self, *, pristine: bool) -> str:
        """The server's checksums of the tables."""
        schema = f"{self._name}_pristine" if pristine else self._name
        tables = [table for table in structure.table_definitions(self._server, schema) if table.name != HISTORY]
        own = f"{quoted(schema)}."
        definitions = [_NEXT_NUMBER.sub("", table.create).replace(own, "") for table in tables]
        programs = self._programs(schema)
        if not tables and not programs:
            return EMPTY
        names = ", ".join(quoted(schema, table.name) for table in tables)
        checksums = [row[1] for row in self._server.execute(f"CHECKSUM TABLE {names}")] if tables else []
        return hashlib.sha256(repr((definitions, checksums, programs)).encode()).hexdigest()

    def has_more(self) -> bool:
        sizes = {facts.name: facts.size_bytes for facts in self._server.find("")}
        foreign = unrelated(sizes, self._name, copies=_COPIES, systems=_SYSTEMS)
        return bool(foreign) or sizes.get(self._name, 0) > _COMPARED_BYTES

    def _programs(self, schema: str) -> list[object]:
        """Views, routines and triggers; of a trigger not its head, which a reset words anew."""
        if not self._server.exists(schema):
            return []
        return [*structure.programs(self._server, schema), *self._server.execute(_TRIGGERS, (schema,))]
