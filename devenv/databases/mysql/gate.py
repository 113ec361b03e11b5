"""Renaming tables and locking the new ones, with no moment in between.

A table cannot change its schema together with its triggers, so new tables get theirs when they are in place. Clients
that waited for RENAME TABLE would write to them first. LOCK TABLES goes before those clients if it, too, waits before
the renaming ends. This is made sure of by a gate, two tables that are renamed with the others:

1. One connection holds the second table of the gate.
2. RENAME TABLE takes its locks in the order of names, and waits there, with all other tables in its hands.
3. That it does so shows in another connection, which has to wait for the first table of the gate.
4. Now LOCK TABLES is sent, and waits. The gate is opened.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pymysql
from pymysql.constants import ER

from devenv.databases.mysql.server import WAITS, Rows, Server, quoted
from devenv.errors import DatabaseError

_PAUSE_SECONDS = 0.002
_PATIENCE_SECONDS = 60.0


@contextmanager
def renamed_and_locked(server: Server, renames: Sequence[str], tables: Sequence[str], schema: str) -> Iterator[Server]:
    """Rename tables, and hold locks on some of the new ones until the block ends.

    Args:
        server: what RENAME TABLE is run by.
        renames: its parts, `a.t TO b.t`.
        tables: the new names of those to lock, quoted.
        schema: the gate's, made anew; its name comes after those of the tables to lock.

    Yields:
        the connection that holds the locks.
    """
    with ExitStack() as stack:
        holder, probe, locker = (stack.enter_context(closing(Server(server.address))) for _ in range(3))
        first, second = quoted(schema, "first"), quoted(schema, "second")
        holder.drop(schema)
        holder.execute(f"CREATE DATABASE {quoted(schema)}")
        stack.callback(server.drop, schema)
        holder.execute(f"CREATE TABLE {first} (n INT); CREATE TABLE {second} (n INT); LOCK TABLES {second} READ")
        gone = f"{first} TO {quoted(schema, 'third')}, {second} TO {quoted(schema, 'fourth')}"
        # Closed before the threads are waited for: whatever fails, none of them waits for the gate for ever.
        pool = stack.enter_context(ThreadPoolExecutor(3, thread_name_prefix="gate"))
        stack.enter_context(closing(holder))
        renaming = pool.submit(server.execute, f"RENAME TABLE {', '.join(renames)}, {gone}")
        _await_gate(pool, holder, probe, f"LOCK TABLES {first} READ", renaming)
        locking = pool.submit(locker.execute, f"LOCK TABLES {', '.join(f'{table} WRITE' for table in tables)}")
        _ends_or_waits(locking, holder, locker)
        holder.execute("UNLOCK TABLES")
        renaming.result()
        locking.result()
        yield locker


def _await_gate(
    pool: ThreadPoolExecutor, holder: Server, probe: Server, statement: str, renaming: Future[Rows]
) -> None:
    """Return when the renaming has all locks but the gate's second."""
    while not renaming.done():
        if not _ends_or_waits(pool.submit(_try, probe, statement), holder, probe):
            return
        time.sleep(_PAUSE_SECONDS)
    renaming.result()


def _try(probe: Server, statement: str) -> None:
    """Take a lock and let go of it; that its table has been renamed meanwhile is how it ends."""
    try:
        probe.execute(statement)
        probe.execute("UNLOCK TABLES")
    except pymysql.Error as error:
        if error.args[0] != ER.NO_SUCH_TABLE:
            raise


def _ends_or_waits(work: Future[Any], asking: Server, working: Server) -> bool:
    """Return when a statement has ended (True), or waits for a lock (False): a server tells nobody, it is asked."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not work.done():
        if asking.execute(WAITS, (working.id,)):
            return False
        if time.monotonic() > end:
            raise DatabaseError("the tables could not be locked", context={"waited": f"{_PATIENCE_SECONDS:g} s"})
        time.sleep(_PAUSE_SECONDS)
    work.result()
    return True
