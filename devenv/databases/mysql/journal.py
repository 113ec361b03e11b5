"""Scripts that end once they have begun, whatever dies meanwhile.

A script is sent to the server in one packet. A packet that arrives is executed to its end, though its client be gone:
the server looks at the connection when it reads the next one. A packet that does not arrive as a whole is not begun.
The first thing that it does is to write the script down, so a server that dies in the middle, or a session that is
killed, leaves what is to be done: the pod does it before it is ready (`finish.sh` of the chart), and so does whoever
opens the database next.

The name of the journal's table ends with the phase that the script is in. It changes in the very RENAME TABLE that ends
a phase, which the server does as a whole or not at all, crashes included (MySQL 8.0; MariaDB since 10.6.1, MDEV-23842).
What is in a phase beside it may be done twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from devenv.databases.mysql.eviction import evicting
from devenv.databases.mysql.server import Server, quoted

_TABLE = "devenv_script_"
"""Followed by the phase; by 0 while it is being written."""
_SESSION = (
    "SET SESSION foreign_key_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO',"
    # What has begun waits for its tables as long as it takes: devenv ends the clients that have them, or these end.
    " lock_wait_timeout = 86400"
)


@dataclass(frozen=True, slots=True)
class Phase:
    """Statements that may be done twice, and what is then renamed at one moment."""

    statements: Sequence[str]
    renames: Sequence[str] = ()
    """Parts of a RENAME TABLE, `a.t TO b.t`."""


@contextmanager
def exclusively(server: Server, name: str) -> Iterator[None]:
    """Wait for all others that change a database, and first complete what was begun in it."""
    with server.lock(name):
        # Of one that was killed the server may still be at the script.
        with evicting(server, name, server.holder_of_script(name)), server.script_lock(name):
            pass
        if _phase(server, name):
            with closing(Server(server.address)) as session, session.script_lock(name):
                _resume(session, name)
        yield


def complete(server: Server, name: str) -> None:
    """Complete what was begun in a database, unless somebody is at it."""
    if _phase(server, name) and server.holder(name) is None:
        with exclusively(server, name):
            pass


def carry_out(server: Server, name: str, phases: Sequence[Phase]) -> None:
    """Begin a script and wait for its end; the caller has the database for itself, see `exclusively`.

    Args:
        server: a connection; the script has one of its own.
        name: of the database.
        phases: the script, without the journal.
    """
    schema = journal_schema(name)
    script = [
        (number, [_SESSION, *phase.statements, _end(schema, number, phase, len(phases))])
        for number, phase in enumerate(phases, 1)
    ]
    rows = [
        f"({number}, {step}, {server.literal(statement)})"
        for number, statements in script
        for step, statement in enumerate(statements)
    ]
    draft = _journal(schema, 0)
    if not server.exists(schema):
        server.create(schema, like=name)
    begin = [
        f"DROP TABLE IF EXISTS {draft}",
        f"CREATE TABLE {draft} (phase INT, step INT, statement LONGTEXT, PRIMARY KEY (phase, step)) CHARSET utf8mb4",
        f"INSERT INTO {draft} VALUES {', '.join(rows)}",
        f"RENAME TABLE {draft} TO {_journal(schema, 1)}",
    ]
    with closing(Server(server.address)) as session, session.script_lock(name):
        _send(session, name, [*begin, *(statement for _, statements in script for statement in statements)])


def journal_schema(name: str) -> str:
    """The schema in which devenv keeps its own notes on a database."""
    return f"{name}_devenv"


def _resume(session: Server, name: str) -> None:
    schema = journal_schema(name)
    # Asked again, since the pod may have been faster.
    if phase := _phase(session, name):
        rows = session.execute(
            f"SELECT statement FROM {_journal(schema, phase)} WHERE phase >= {phase} ORDER BY phase, step"
        )
        _send(session, name, [str(statement) for (statement,) in rows])


def _send(session: Server, name: str, statements: Sequence[str]) -> None:
    with evicting(session, name):
        # A statement may end with a comment.
        session.execute("\n;\n".join(statements))


def _end(schema: str, number: int, phase: Phase, last: int) -> str:
    journal = _journal(schema, number)
    if number == last:
        return f"DROP TABLE {journal}"
    return f"RENAME TABLE {', '.join([*phase.renames, f'{journal} TO {_journal(schema, number + 1)}'])}"


def _phase(server: Server, name: str) -> int:
    """The phase of a script that was begun and has not ended; 0 when there is none."""
    rows = server.execute(
        "SELECT max(substring(table_name, %s)) FROM information_schema.tables"
        " WHERE table_schema = %s AND table_name LIKE %s",
        (len(_TABLE) + 1, journal_schema(name), _TABLE.replace("_", "\\_") + "%"),
    )
    return int(rows[0][0] or 0)


def _journal(schema: str, phase: int) -> str:
    return quoted(schema, f"{_TABLE}{phase}")
