"""Whole databases: a copy of one, and one turned into the state of another.

Copies share the parts of MergeTree tables on disk (hard links) until one side writes. A table is replaced by exchanging
it with a copy, all tables in one statement, which the server executes even when its client is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from devenv.databases.clickhouse.difference import Difference, difference
from devenv.databases.clickhouse.objects import Kind, Object, for_database, headed, moved, read_objects
from devenv.databases.clickhouse.server import Server, StatementError, identifier

_AT_ONCE = 4
_NO_CHECKS = {"check_table_dependencies": "0", "check_referential_table_dependencies": "0"}


def copy(server: Server, source: str, target: str, comment: str) -> None:
    """Make a database like another; only a complete copy has the comment."""
    server.drop([target])
    server.create(target)
    objects = for_database(read_objects(server, source), source, target)
    ordered = sorted(objects.values(), key=lambda item: tuple(Kind).index(item.kind))
    _make(server, ordered, source, target)
    server.describe(target, comment)


def turn_into(server: Server, target: str, source: str, spare: str) -> None:
    """Give a database the objects and rows of another, whoever uses it.

    Tables are taken from the database `spare` as far as they are ready there, and made there otherwise; it is left with
    those that they have replaced.
    """
    wanted = for_database(read_objects(server, source), source, target)
    todo = difference(read_objects(server, target), wanted)
    if todo.swap:
        _make_ready(server, todo.swap, source, target, spare)
        pairs = (f"{_full(target, item.name)} AND {_full(spare, item.name)}" for item in todo.swap)
        server.execute(f"EXCHANGE TABLES {', '.join(pairs)}", **_NO_CHECKS)
        _drop(server, [item for item in todo.swap if not _refers_to_nothing(item, target, spare)], spare)
    _drop(server, todo.drop, target)
    _make(server, todo.make, source, target)
    for there, want in todo.refill:
        _refill(server, _full(source, want.inner), _full(target, there.inner))
    _reload(server, todo, wanted.values(), target)


def make_spares(server: Server, target: str, source: str, spare: str) -> None:
    """Have in `spare` what the next `turn_into` takes, and nothing else.

    Only tables that refer to nothing: another could not be dropped in the target while its spare refers to it.
    """
    wanted = for_database(read_objects(server, source), source, target)
    tables = [item for item in wanted.values() if item.kind is Kind.PARTS and _refers_to_nothing(item, target, spare)]
    kept = {item.name for item in tables}
    _drop(server, [item for item in read_objects(server, spare).values() if item.name not in kept], spare)
    _make_ready(server, tables, source, target, spare)


def _make_ready(server: Server, items: Sequence[Object], source: str, target: str, spare: str) -> None:
    if server.comment(spare) is None:
        server.create(spare)
    present = for_database(read_objects(server, spare), spare, target)
    stale = [item for item in items if not _is_like(present.get(item.name), item)]
    _drop(server, [present[item.name] for item in stale if item.name in present], spare)
    _in_parallel(lambda item: _fill(server, item, source, spare), stale)


def _is_like(there: Object | None, want: Object) -> bool:
    """What was swapped away has the same name: it is known by its rows."""
    return there is not None and want.kind is Kind.PARTS and replace(there, inner=want.inner) == want


def _refers_to_nothing(item: Object, target: str, spare: str) -> bool:
    own = headed(item.definition, spare, item.name)
    return moved(own, target, spare) == own


def _fill(server: Server, item: Object, source: str, database: str) -> None:
    """Make a table with its rows."""
    server.execute(headed(item.definition, database, item.name))
    _bring_rows(server, item, source, database)


def _bring_rows(server: Server, item: Object, source: str, database: str) -> None:
    from_, to = _full(source, item.name), _full(database, item.name)
    if item.kind is Kind.PARTS and item.fingerprint:
        server.execute(f"ALTER TABLE {to} ATTACH PARTITION ALL FROM {from_}")
    elif item.kind is Kind.ROWS:
        server.execute(f"INSERT INTO {to} SELECT * FROM {from_}")  # noqa: S608 -- both are quoted


def _make(server: Server, objects: Sequence[Object], source: str, target: str) -> None:
    """Make objects, each after those that it refers to: one that is refused is tried again after the others."""
    waiting = list(objects)
    while waiting:
        refused: list[tuple[Object, StatementError]] = []
        for item in waiting:
            try:
                server.execute(item.definition)
            except StatementError as error:
                refused.append((item, error))
                continue
            _bring_rows(server, item, source, target)
            if item.inner:
                made = read_objects(server, target)[item.name]
                _refill(server, _full(source, item.inner), _full(target, made.inner))
        if len(refused) == len(waiting):
            raise refused[0][1]
        waiting = [item for item, _ in refused]


def _refill(server: Server, source: str, target: str) -> None:
    """Give a materialized view's own table other rows; it cannot be exchanged."""
    server.execute(f"TRUNCATE TABLE {target}")
    server.execute(f"ALTER TABLE {target} ATTACH PARTITION ALL FROM {source}")


def _drop(server: Server, objects: Sequence[Object], database: str) -> None:
    for item in objects:
        what = "DICTIONARY" if item.engine == "Dictionary" else "TABLE"
        server.execute(f"DROP {what} IF EXISTS {_full(database, item.name)}", **_NO_CHECKS)


def _reload(server: Server, done: Difference, objects: Iterable[Object], database: str) -> None:
    """Dictionaries hold in memory what they have read from tables that are others now."""
    if done.swap or done.make:
        for item in objects:
            if item.engine == "Dictionary":
                server.execute(f"SYSTEM RELOAD DICTIONARY {_full(database, item.name)}")


def _in_parallel(work: Callable[[Object], None], items: Sequence[Object]) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(work, items))


def _full(database: str, name: str) -> str:
    return f"{identifier(database)}.{identifier(name)}"
