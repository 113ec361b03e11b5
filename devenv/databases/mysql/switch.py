"""Putting tables in the place of others, with their triggers, views and routines, as a whole.

No one statement does it: a table with triggers cannot change its schema. So triggers of the old tables go first; new
tables get theirs in the right schema, under names that nobody knows, and then one RENAME TABLE exchanges all. Clients
see the old tables until then, and what they write goes with these: from its first statement on the script is certain
to end (`devenv.databases.mysql.journal`). Views that differ follow right after, since a view needs its tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from devenv.databases.mysql import structure
from devenv.databases.mysql.journal import Phase, carry_out
from devenv.databases.mysql.server import Server, marking, quoted
from devenv.databases.mysql.structure import Constraint, Program

_HIDDEN = "devenv_reset_"
"""What new tables are called until they have their triggers; a number follows."""


@dataclass(frozen=True, slots=True)
class Switch:
    """What is put where."""

    target: str
    """The schema that gets other tables. Those that use it see the old ones or the new ones."""
    by: str
    """The schema whose tables those are; it has none afterwards, and no triggers."""
    aside: str
    """Made anew, for the old tables."""
    like: str
    """The schema whose triggers, views and routines the target shall have; may be `by`."""
    marks: str
    """The schema that says what the target was made from."""
    content: str
    """What it then says."""


def switch(server: Server, name: str, wanted: Switch) -> None:
    """Do it; the caller has the database for itself, see `devenv.databases.mysql.journal.exclusively`.

    Args:
        server: where all are.
        name: the database that the schemas belong to.
        wanted: what is put where.
    """
    server.drop(wanted.aside)
    server.create(wanted.aside, like=wanted.target)
    if not server.exists(wanted.marks):
        server.create(wanted.marks, like=wanted.target)
    carry_out(server, name, _phases(server, wanted))


def _phases(server: Server, wanted: Switch) -> list[Phase]:
    target, by = wanted.target, wanted.by
    here = f"USE {quoted(target)}"
    triggers = structure.triggers(server, wanted.like)
    triggered = sorted({trigger.table for trigger in triggers})
    former, coming = structure.tables(server, target), structure.tables(server, by)
    hidden = dict(zip(triggered, _free_names(former), strict=False))
    programs, present = structure.programs(server, wanted.like), structure.programs(server, target)
    lacking = structure.missing(programs, present)
    views = [program for program in lacking if program.kind == "VIEW"]
    make_way = [
        *(f"DROP TRIGGER IF EXISTS {quoted(s, t.name)}" for s in (target, by) for t in structure.triggers(server, s)),
        *_drop_constraints(server, target, by, triggered),
        *(program.drop for program in structure.superfluous(programs, present)),
        # What they do to the old tables is lost with these.
        *_make(server, [program for program in lacking if program.kind != "VIEW"]),
    ]
    hide = [f"{quoted(by, table)} TO {quoted(target, name)}" for table, name in hidden.items()]
    exchange = [
        *(f"{quoted(target, table)} TO {quoted(wanted.aside, table)}" for table in former),
        *(f"{quoted(*_place(table, hidden, wanted))} TO {quoted(target, table)}" for table in coming),
    ]
    complete = [
        *structure.placeholders(server, wanted.like, views),
        *_make(server, views),
        *marking(wanted.marks, server.literal(wanted.content)),
    ]
    return [
        Phase([here, *make_way], hide),
        Phase([here, *_make(server, [t.on(hidden[t.table]) for t in triggers])], exchange),
        Phase([here, *complete]),
    ]


def _free_names(taken: Sequence[str]) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        if f"{_HIDDEN}{number}" not in taken:
            yield f"{_HIDDEN}{number}"


def _place(table: str, hidden: dict[str, str], wanted: Switch) -> tuple[str, str]:
    return (wanted.target, hidden[table]) if table in hidden else (wanted.by, table)


def _drop_constraints(server: Server, target: str, by: str, tables: Sequence[str]) -> list[str]:
    """Take constraints from the old tables whose names new ones bring: a schema has each name once."""
    names = {constraint.name for constraint in structure.constraints(server, by) if constraint.table in tables}
    return [
        statement
        for constraint in structure.constraints(server, target)
        if constraint.name in names
        for statement in _drop_constraint(server, target, constraint)
    ]


def _drop_constraint(server: Server, schema: str, constraint: Constraint) -> Iterator[str]:
    """As MariaDB's IF EXISTS, which MySQL lacks."""
    literal = server.literal
    drop = f"ALTER TABLE {quoted(schema, constraint.table)} DROP CONSTRAINT {quoted(constraint.name)}"
    yield (
        f"SET @devenv = (SELECT IF(count(*), {literal(drop)}, 'DO 0') FROM information_schema.table_constraints"
        f" WHERE constraint_schema = {literal(schema)} AND table_name = {literal(constraint.table)}"
        f" AND constraint_name = {literal(constraint.name)})"
    )
    yield from ("PREPARE devenv FROM @devenv", "EXECUTE devenv", "DEALLOCATE PREPARE devenv")


def _make(server: Server, programs: Sequence[Program]) -> list[str]:
    """Make programs in this order; those that are there are made anew."""
    mode, collation = map(server.literal, server.execute("SELECT @@sql_mode, @@collation_connection")[0])
    statements = []
    for program in programs:
        statements.append(program.drop)
        if program.sql_mode or program.collation:
            own_mode, own_collation = server.literal(program.sql_mode), server.literal(program.collation)
            statements.append(f"SET SESSION sql_mode = {own_mode}, collation_connection = {own_collation}")
        statements += [program.create, f"SET SESSION sql_mode = {mode}, collation_connection = {collation}"]
    return statements
