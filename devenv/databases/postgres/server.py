"""The server as a set of databases: make, drop, rename and copy whole ones, whoever is connected.

Responsible for single operations, each of which happens as a whole or not at all. What the databases are for is
decided in `devenv.databases.postgres.database`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from psycopg.rows import scalar_row

from devenv.databases.address import Address
from devenv.databases.postgres.marks import connect_home, mark_of, set_mark
from devenv.databases.postgres.properties import giving_all, giving_settings, read_properties
from devenv.databases.postgres.subscriptions import (
    drop_subscriptions,
    hand_over_subscriptions,
    has_subscriptions,
)

_LOCALE = """
SELECT encoding, datcollate, datctype, c->'datlocprovider', c->'daticulocale', c->'datlocale', c->'daticurules'
FROM pg_database d, to_jsonb(d) c WHERE datname = %s
"""
"""As far as the server's version has it."""
_SMALL_BYTES = 24 << 20
"""Up to this size a copy through the log is quicker than copying files, which takes two checkpoints."""
_STRAGGLER_SECONDS = 0.02
_TERMINATE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """One database of the server."""

    name: str
    mark: str
    size_bytes: int


class Server:
    """One connection to devenv's own database on the server, from which the others are copied and renamed."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.connection = connect_home(address)

    def close(self) -> None:
        """Disconnect; locks of this session go with it."""
        self.connection.close()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Wait for all others that lock the address' database. A session that is killed lets go of it."""
        key = (f"devenv/{self.address.name}",)
        self.connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", key)
        try:
            yield
        finally:
            if not self.connection.closed:
                self.connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", key)

    def find(self, prefix: str) -> list[DatabaseFacts]:
        """The databases whose names begin so, by name."""
        rows = self.connection.execute(
            "SELECT datname, coalesce(mark, ''), pg_database_size(oid)"
            " FROM pg_database LEFT JOIN public.marks ON database = oid"
            " WHERE starts_with(datname, %s) ORDER BY datname",
            (prefix,),
        )
        return [DatabaseFacts(*row) for row in rows]

    def mark(self, name: str) -> str | None:
        """A database's mark: empty when it has none, None when there is no such database."""
        return mark_of(self.connection, name)

    def set_mark(self, name: str, mark: str) -> None:
        """Note something of a database."""
        set_mark(self.connection, name, mark)

    def locale(self, name: str) -> tuple[Any, ...] | None:
        """A database's encoding and locale, fixed when it is made; None when there is no such database."""
        return self.connection.execute(_LOCALE, (name,)).fetchone()

    def copy(self, source: str, target: str, mark: str, *, like: str = "") -> None:
        """Make a database from another, whose clients are disconnected; only a complete copy has the mark.

        It gets what is in the source, in the tablespace of the database that it is to be like.
        """
        self.drop(target)
        with self._without_clients(source):
            self._execute(
                "CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY {}{}",
                sql.Identifier(target),
                self._user,
                sql.Identifier(source),
                sql.SQL(self._strategy(source)),
                self._in_tablespace_of(like or source),
            )
        self.set_mark(target, mark)

    def give(self, name: str, *, like: str, settings_only: bool = False) -> None:
        """Give a fresh copy what belongs to another database as a whole (see `properties`)."""
        properties = read_properties(self.connection, like)
        if properties:
            giving = giving_settings if settings_only else giving_all
            self.connection.execute(giving(properties, name))

    def drop(self, name: str) -> None:
        """Remove a database, clients or not; one that is absent is fine."""
        properties = read_properties(self.connection, name)
        if properties is None:
            return
        if properties.is_template:
            self._execute("ALTER DATABASE {} IS_TEMPLATE false", sql.Identifier(name))
        if has_subscriptions(self.connection, name):
            drop_subscriptions(self.address, name)
        # A replication slot in use keeps a database, forced or not: its client has to go first.
        with self._without_clients(name):
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", sql.Identifier(name))

    def replace(self, name: str, replacement: str, aside: str, mark: str, *, like: str = "") -> None:
        """Put one database in another's place in a single transaction; the replaced one is left as `aside`.

        Args:
            name: the place.
            replacement: a copy without properties of its own.
            aside: what the replaced database is called then; one of that name is dropped.
            mark: noted of the replacement.
            like: the database that has what belongs to the replacement as a whole; empty for nothing.
        """
        self.drop(aside)
        if has_subscriptions(self.connection, name):
            hand_over_subscriptions(self.address, name, replacement)
        with self._without_clients(name), self.connection.transaction():
            if like:
                self.give(replacement, like=like)
            if self.mark(name) is not None:
                self._execute("ALTER DATABASE {} RENAME TO {}", sql.Identifier(name), sql.Identifier(aside))
            self._execute("ALTER DATABASE {} RENAME TO {}", sql.Identifier(replacement), sql.Identifier(name))
            self.set_mark(name, mark)

    @property
    def _user(self) -> sql.Identifier:
        return sql.Identifier(self.address.user)

    def _in_tablespace_of(self, name: str) -> sql.Composed:
        properties = read_properties(self.connection, name)
        if properties is None:
            return sql.Composed([])
        return sql.SQL(" TABLESPACE {}").format(sql.Identifier(properties.tablespace))

    def _strategy(self, source: str) -> str:
        with self.connection.cursor(row_factory=scalar_row) as cursor:
            cursor.execute("SELECT pg_database_size(%s)", (source,))
            size: int = cursor.fetchone() or 0
        return "WAL_LOG" if size <= _SMALL_BYTES else "FILE_COPY"

    @contextmanager
    def _without_clients(self, name: str) -> Iterator[None]:
        """End the clients of a database, those too that slip in before the statement inside holds its lock.

        Copying and renaming lock the database against new clients, then wait for those that are there.
        """
        self.connection.execute(_TERMINATE, (name,))
        done = threading.Event()
        watcher = threading.Thread(target=self._end_stragglers, args=(name, done), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def _end_stragglers(self, name: str, done: threading.Event) -> None:
        if done.wait(_STRAGGLER_SECONDS):
            return
        with connect_home(self.address) as connection:
            while not done.wait(_STRAGGLER_SECONDS):
                connection.execute(_TERMINATE, (name,))

    def _execute(self, statement: str, *parts: sql.Composable) -> None:
        self.connection.execute(sql.SQL(statement).format(*parts))
