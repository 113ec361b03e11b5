"""What a schema is made of, as the statements that make it again."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from devenv.databases.mysql.server import MARK, Server, quoted
from devenv.errors import DatabaseError

_TABLE_TYPES = "('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')"
"""MariaDB counts its sequences and versioned tables as types of their own."""
_DEFINER = re.compile(r"(?P<before>CREATE (?:ALGORITHM=\w+ )?)DEFINER=`(?P<user>(?:[^`]|``)*)`@`(?:[^`]|``)*` ")
_GAP = r"(?:\s|/\*(?:(?!\*/).)*\*/|(?:--\s|\#)[^\n]*\n)"
_NAME = r'(?:`(?:[^`]|``)+`|"(?:[^"]|"")+"|[^\s`".]+)'
_QUALIFIED = rf"{_GAP}*(?:{_NAME}{_GAP}*\.{_GAP}*)?{_NAME}{_GAP}*"
_TRIGGER = re.compile(
    rf"(?P<before>CREATE\b.*?\bTRIGGER(?:{_GAP}+IF{_GAP}+NOT{_GAP}+EXISTS)?){_QUALIFIED}"
    rf"(?P<event>\b(?:BEFORE|AFTER){_GAP}+(?:INSERT|UPDATE|DELETE){_GAP}+ON){_QUALIFIED}(?P<after>\bFOR{_GAP}+EACH\b)",
    re.IGNORECASE | re.DOTALL,
)
"""How CREATE TRIGGER begins."""
_JOB = "devenv_"
"""Begins the accounts as which the chart's Job migrates a schema that is none of an application's."""
_MODE, _TEXT, _COLLATION = 1, 2, 4
"""Columns of SHOW CREATE PROCEDURE, FUNCTION and TRIGGER."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or a sequence."""

    name: str
    create: str
    """Without a schema, as are the tables that foreign keys refer to."""
    columns: tuple[str, ...]
    """Those that take values: generated ones are left out."""


@dataclass(frozen=True, slots=True)
class Program:
    """A trigger, a routine or a view: text that the server runs later."""

    kind: str
    """`TRIGGER`, `PROCEDURE`, `FUNCTION`, `VIEW` or `EVENT`."""
    name: str
    create: str
    sql_mode: str = ""
    collation: str = ""
    """Of literals in it."""
    table: str = ""
    """A trigger's."""

    @property
    def drop(self) -> str:
        """The statement that removes it."""
        return f"DROP {self.kind} IF EXISTS {quoted(self.name)}"

    def on(self, table: str) -> Program:
        """The same trigger of another table, both named without a schema."""
        match = _TRIGGER.match(self.create)
        if match is None:
            raise DatabaseError(f"trigger {self.name} cannot be read", context={"statement": self.create})
        begin = " ".join((match["before"], quoted(self.name), match["event"], quoted(table), match["after"]))
        return replace(self, create=begin + self.create[match.end() :], table=table)


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint whose name its schema has but once."""

    table: str
    name: str


def tables(server: Server, schema: str) -> tuple[str, ...]:
    """The names of a schema's tables."""
    rows = server.execute(
        "SELECT table_name FROM information_schema.tables"
        f" WHERE table_schema = %s AND table_name <> %s AND table_type IN {_TABLE_TYPES} ORDER BY table_name",
        (schema, MARK),
    )
    return tuple(str(name) for (name,) in rows)


def table_definitions(server: Server, schema: str) -> tuple[Table, ...]:
    """A schema's tables, with what it takes to make them again."""
    columns: dict[str, list[str]] = defaultdict(list)
    for table, column in server.execute(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = %s AND coalesce(generation_expression, '') = '' ORDER BY table_name, ordinal_position",
        (schema,),
    ):
        columns[str(table)].append(str(column))
    return tuple(
        Table(name, str(server.execute(f"SHOW CREATE TABLE {quoted(schema, name)}")[0][1]), tuple(columns[name]))
        for name in tables(server, schema)
    )


def constraints(server: Server, schema: str) -> tuple[Constraint, ...]:
    """A schema's foreign keys, and its checks where their names belong to the schema."""
    kinds = "('FOREIGN KEY')" if server.maria else "('FOREIGN KEY', 'CHECK')"
    rows = server.execute(
        "SELECT table_name, constraint_name FROM information_schema.table_constraints"
        f" WHERE constraint_schema = %s AND constraint_type IN {kinds} ORDER BY table_name, constraint_name",
        (schema,),
    )
    return tuple(Constraint(str(table), str(name)) for table, name in rows)


def triggers(server: Server, schema: str) -> tuple[Program, ...]:
    """A schema's triggers; those of one table in the order in which they act."""
    rows = server.execute(
        "SELECT trigger_name, event_object_table FROM information_schema.triggers WHERE trigger_schema = %s"
        " ORDER BY event_object_table, action_timing, event_manipulation, action_order",
        (schema,),
    )
    found = []
    for name, table in rows:
        shown = server.execute(f"SHOW CREATE TRIGGER {quoted(schema, name)}")[0]
        create = _as_owner(server, shown[_TEXT])
        found.append(Program("TRIGGER", name, create, shown[_MODE], shown[_COLLATION], table))
    return tuple(found)


def programs(server: Server, schema: str) -> tuple[Program, ...]:
    """A schema's functions, procedures and views, as they look from inside it."""
    server.use(schema)
    rows = server.execute(
        "SELECT routine_type, routine_name FROM information_schema.routines"
        " WHERE routine_schema = %s AND routine_type IN ('FUNCTION', 'PROCEDURE') ORDER BY routine_type, routine_name",
        (schema,),
    )
    found = []
    for kind, name in rows:
        shown = server.execute(f"SHOW CREATE {kind} {quoted(name)}")[0]
        found.append(Program(kind, name, _as_owner(server, shown[_TEXT]), shown[_MODE], shown[_COLLATION]))
    views = server.execute(
        "SELECT table_name FROM information_schema.views WHERE table_schema = %s ORDER BY table_name", (schema,)
    )
    for (name,) in views:
        shown = server.execute(f"SHOW CREATE VIEW {quoted(name)}")[0]
        found.append(Program("VIEW", name, _as_owner(server, shown[1])))
    server.leave()
    return tuple(found)


def placeholders(server: Server, schema: str, views: Sequence[Program]) -> tuple[str, ...]:
    """Statements that make views with the columns of a schema's, so that these can then be made in any order."""
    made = []
    for view in views:
        columns = server.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
            " ORDER BY ordinal_position",
            (schema, view.name),
        )
        nothing = ", ".join(f"1 AS {quoted(str(column))}" for (column,) in columns)
        made.append(f"CREATE OR REPLACE VIEW {quoted(view.name)} AS SELECT {nothing}")
    return tuple(made)


def events(server: Server, schema: str) -> tuple[str, ...]:
    """The names of the events that a schema's scheduler knows."""
    rows = server.execute(
        "SELECT event_name FROM information_schema.events WHERE event_schema = %s ORDER BY event_name", (schema,)
    )
    return tuple(str(name) for (name,) in rows)


def _as_owner(server: Server, create: str) -> str:
    """The statement without its definer, where that is the owner or an account of the Job: whoever runs it is."""
    match = _DEFINER.match(create)
    if match and (match["user"] == server.address.user or match["user"].startswith(_JOB)):
        return match["before"] + create[match.end() :]
    return create


def missing(wanted: Sequence[Program], present: Sequence[Program]) -> tuple[Program, ...]:
    """Those that are not there, or are there in another form."""
    known = set(present)
    return tuple(program for program in wanted if program not in known)


def superfluous(wanted: Sequence[Program], present: Sequence[Program]) -> tuple[Program, ...]:
    """Those that are there and not wanted."""
    names = {(program.kind, program.name) for program in wanted}
    return tuple(program for program in present if (program.kind, program.name) not in names)
