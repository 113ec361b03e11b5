"""What is in a schema and in the whole server, as data that can be compared.

Left out is what Flyway notes: when it ran differs between two schemas that it made alike.
"""

from __future__ import annotations

import hashlib
import re

from devenv.databases.flyway import HISTORY
from devenv.databases.mysql import structure
from devenv.databases.mysql.server import Server, quoted

_NEXT_NUMBER = re.compile(r" AUTO_INCREMENT=\d+")
"""The next number of a table tells nothing of its rows."""
_TRIGGERS = """
SELECT trigger_name, event_object_table, action_timing, event_manipulation, action_order, action_statement
FROM information_schema.triggers WHERE trigger_schema = %s ORDER BY 2, 3, 4, 5
"""
_SYSTEMS = ("mysql", "information_schema", "performance_schema", "sys", "test")
_COPIES = ("pristine", "unseeded", "spare", "old", "devenv", "gate", "saving", "restoring")


def state(server: Server, schema: str) -> str:
    """A hash of everything in a schema; empty where there is nothing."""
    tables = [table for table in structure.table_definitions(server, schema) if table.name != HISTORY]
    own = f"{quoted(schema)}."
    definitions = [_NEXT_NUMBER.sub("", table.create).replace(own, "") for table in tables]
    programs = _programs(server, schema)
    if not tables and not programs:
        return ""
    names = ", ".join(quoted(schema, table.name) for table in tables)
    checksums = [row[1] for row in server.execute(f"CHECKSUM TABLE {names}")] if tables else []
    return hashlib.sha256(repr((definitions, checksums, programs)).encode()).hexdigest()


def others(server: Server, name: str) -> bool:
    """Whether the server holds anything beside a schema and what devenv keeps of it."""
    own = {name, *_SYSTEMS, *(f"{name}_{copy}" for copy in _COPIES)}
    ours = (f"{name}_snapshot_", f"{name}_clone_")
    return any(facts.name not in own and not facts.name.startswith(ours) for facts in server.find(""))


def _programs(server: Server, schema: str) -> list[object]:
    """Views, routines and triggers; of a trigger not its head, which a reset words anew."""
    if not server.exists(schema):
        return []
    return [*structure.programs(server, schema), *server.execute(_TRIGGERS, (schema,))]
