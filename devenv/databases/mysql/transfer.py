"""Making one schema from another.

Tables travel whole: definition, rows, value of AUTO_INCREMENT. Views, routines and triggers are made anew from their
text. Events are left where they are: in a copy they would run as well.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pymysql

from devenv.databases.mysql import structure
from devenv.databases.mysql.server import Server, quoted
from devenv.databases.mysql.structure import Program, Table

_MOST_CONNECTIONS = 4
_WORTH_A_CONNECTION_BYTES = 8 << 20


def copy(server: Server, source: str, target: str, mark: str, *, home: str | None = None) -> None:
    """Make a schema from another, complete with everything.

    Args:
        server: where both are.
        source: what is copied; nobody may write to it meanwhile.
        target: made anew.
        mark: the new schema's, which only a complete copy has.
        home: where the tables go later, when that is not `target`.
    """
    copy_tables(server, source, target, home=home or target)
    make_programs(server, target, structure.programs(server, source))
    make_triggers(server, target, structure.triggers(server, source))
    server.set_mark(target, mark)


def copy_tables(server: Server, source: str, target: str, *, home: str) -> None:
    """Make a schema with the tables of another, without views, routines and triggers."""
    definitions = structure.table_definitions(server, source)
    server.drop(target)
    server.create(target, like=source)
    server.use(target)
    for table in definitions:
        # A default value that is a sequence's next one names the sequence with its schema.
        server.execute(table.create.replace(f"{quoted(source)}.", f"{quoted(home)}."))
    _run_all(server, [_fill(table, source, target) for table in definitions], server.size(source))


def make_programs(server: Server, schema: str, programs: Sequence[Program]) -> None:
    """Make views and routines. A view needs those that it reads, so what fails is tried again after the others."""
    server.use(schema)
    waiting = list(programs)
    while waiting:
        failed: list[Program] = []
        for program in waiting:
            try:
                _make(server, program)
            except pymysql.Error:
                failed.append(program)
                if len(failed) == len(waiting):
                    raise
        waiting = failed


def make_triggers(server: Server, schema: str, triggers: Sequence[Program]) -> None:
    """Make triggers, in this order."""
    server.use(schema)
    for trigger in triggers:
        _make(server, trigger)


def _run_all(server: Server, statements: Sequence[str], size_bytes: int) -> None:
    """Run statements that do not depend on each other, by several connections where there is much to copy."""
    others = min(size_bytes // _WORTH_A_CONNECTION_BYTES, _MOST_CONNECTIONS - 1, len(statements) - 1)
    waiting = deque(statements)
    with ThreadPoolExecutor(max(others, 1), thread_name_prefix="copy") as pool:
        copying = [pool.submit(_help, server, waiting) for _ in range(others)]
        _work_off(server, waiting)
        for helper in copying:
            helper.result()


def _help(server: Server, waiting: deque[str]) -> None:
    other = Server(server.address)
    try:
        _work_off(other, waiting)
    finally:
        other.close()


def _work_off(server: Server, waiting: deque[str]) -> None:
    while waiting:
        try:
            statement = waiting.popleft()
        except IndexError:
            return  # another one took the last
        server.execute(statement)


def _fill(table: Table, source: str, target: str) -> str:
    columns = ", ".join(quoted(column) for column in table.columns)
    return f"INSERT INTO {quoted(target, table.name)} ({columns}) SELECT {columns} FROM {quoted(source, table.name)}"


def _make(server: Server, program: Program) -> None:
    if not program.sql_mode and not program.collation:
        server.execute(program.create)
        return
    saved = server.execute("SELECT @@sql_mode, @@collation_connection")[0]
    server.execute("SET SESSION sql_mode = %s, collation_connection = %s", (program.sql_mode, program.collation))
    try:
        server.execute(program.create)
    finally:
        server.execute("SET SESSION sql_mode = %s, collation_connection = %s", saved)
