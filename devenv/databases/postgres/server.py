"""The server as a set of databases: make, drop, rename and copy whole ones, whoever is connected.

Responsible for single operations, each of which happens as a whole or not at all. What the databases are for is
decided in `devenv.databases.postgres.database`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from devenv.databases.address import Address
from devenv.databases.postgres.locales import template_for
from devenv.databases.postgres.marks import connect_home, mark_of, set_mark
from devenv.databases.postgres.properties import Properties, giving_all, giving_settings, read_properties
from devenv.databases.postgres.subscriptions import (
    drop_subscriptions,
    hand_over_subscriptions,
    has_subscriptions,
)

_MARK_IF_ALIKE = """
WITH found AS (
  SELECT d.oid, datname, jsonb_build_array(encoding, datcollate, datctype, c->'datlocprovider', c->'daticulocale',
                                           c->'datlocale', c->'daticurules') AS locale
  FROM pg_database d, to_jsonb(d) c WHERE datname IN (%(name)s, %(other)s)
)
SELECT coalesce(mark, '') FROM found LEFT JOIN public.marks ON database = oid
WHERE datname = %(name)s AND locale = ALL (SELECT locale FROM found)
"""
"""Encoding and locale as far as the server's version has them."""
_COPIES_FILES = "SELECT CASE current_setting('fsync') WHEN 'on' THEN pg_database_size(%s) > 24 << 20 ELSE true END"
"""Copying files takes the server half the work, and two checkpoints. Where these wait for the disk, a copy through the
log is quicker up to this size."""
_STRAGGLER_SECONDS = 0.02
_LATE_SECONDS = 0.5
_LOOKS, _LOOK_SECONDS = 20, 0.003
_AS_THE_TEMPLATE = sql.SQL("")
_DROP = "DROP DATABASE IF EXISTS {} WITH (FORCE)"
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

    def size(self, name: str) -> int:
        """How many bytes a database takes."""
        ((found,),) = self.connection.execute("SELECT pg_database_size(%s)", (name,)).fetchall()
        return int(found)

    def mark(self, name: str) -> str | None:
        """A database's mark: empty when it has none, None when there is no such database."""
        return mark_of(self.connection, name)

    def set_mark(self, name: str, mark: str) -> None:
        """Note something of a database."""
        set_mark(self.connection, name, mark)

    def mark_if_alike(self, name: str, other: str) -> str:
        """A database's mark, if encoding and locale, fixed when it was made, are those of another that there may be."""
        row = self.connection.execute(_MARK_IF_ALIKE, {"name": name, "other": other}).fetchone()
        return row[0] if row else ""

    def copy(self, source: str, target: str, mark: str, *, like: str = "") -> None:
        """Make a database from another, whose clients are disconnected; only a complete copy has the mark.

        It gets what is in the source, in the tablespace of the database that it is to be like.
        """
        self.drop(target)
        self._create(source, target, read_properties(self.connection, like or source))
        self.set_mark(target, mark)

    def clone(self, source: str, target: str, *, like: str) -> None:
        """Make a new database from another, and give it what belongs to a third as a whole; it has no mark.

        Few round trips. Clients of the source are disconnected, but there ought to be none: others are ended late.
        """
        properties = read_properties(self.connection, like)
        self._create(source, target, properties, patience=_LATE_SECONDS)
        if properties:
            self.connection.execute(giving_all(properties, target))

    def make_empty(self, target: str, *, like: str) -> None:
        """Make a new database without content, and give it what belongs to another as a whole, locale included."""
        properties = read_properties(self.connection, like)
        source, locale = template_for(self.connection, like)
        self._create(source, target, properties, locale=sql.SQL(locale))
        if properties:
            self.connection.execute(giving_all(properties, target))

    def give(self, name: str, *, like: str, settings_only: bool = False) -> None:
        """Give a fresh copy what belongs to another database as a whole (see `properties`)."""
        properties = read_properties(self.connection, like)
        if properties:
            giving = giving_settings if settings_only else giving_all
            self.connection.execute(giving(properties, name))

    def drop(self, name: str) -> None:
        """Remove a database, clients or not; one that is absent is fine."""
        # Most have nothing that stops it.
        self._end_clients(name)
        try:
            self._execute(_DROP, sql.Identifier(name))
        except (psycopg.errors.ObjectInUse, psycopg.errors.WrongObjectType):
            self._drop_in_use(name)

    def rename(self, name: str, to: str) -> None:
        """Call a database otherwise, clients or not."""
        with self._without_clients(name):
            self._execute("ALTER DATABASE {} RENAME TO {}", sql.Identifier(name), sql.Identifier(to))

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

    def _create(
        self,
        source: str,
        target: str,
        like: Properties | None,
        *,
        patience: float = _STRAGGLER_SECONDS,
        locale: sql.Composable = _AS_THE_TEMPLATE,
    ) -> None:
        tablespace = sql.SQL(" TABLESPACE {}").format(sql.Identifier(like.tablespace)) if like else sql.SQL("")
        with self._without_clients(source, patience):
            self._execute(
                "CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY {}{}{}",
                sql.Identifier(target),
                self._user,
                sql.Identifier(source),
                sql.SQL(self._strategy(source)),
                tablespace,
                locale,
            )

    def _drop_in_use(self, name: str) -> None:
        properties = read_properties(self.connection, name)
        if properties and properties.is_template:
            self._execute("ALTER DATABASE {} IS_TEMPLATE false", sql.Identifier(name))
        if has_subscriptions(self.connection, name):
            drop_subscriptions(self.address, name)
        # A replication slot in use keeps a database, forced or not: its client has to go first.
        with self._without_clients(name):
            self._execute(_DROP, sql.Identifier(name))

    def _strategy(self, source: str) -> str:
        row = self.connection.execute(_COPIES_FILES, (source,)).fetchone()
        return "FILE_COPY" if row == (True,) else "WAL_LOG"

    @contextmanager
    def _without_clients(self, name: str, patience: float = _STRAGGLER_SECONDS) -> Iterator[None]:
        """End the clients of a database, those too that slip in before the statement inside holds its lock.

        Copying and renaming lock the database against new clients, then wait for those that are there; these are ended
        after so many seconds.
        """
        self._end_clients(name)
        done = threading.Event()
        watcher = threading.Thread(target=self._end_stragglers, args=(name, patience, done), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()

    def _end_clients(self, name: str) -> None:
        """Wait a moment until they are gone, too: a statement that finds one looks again after 0.1 s only.

        That is so for all that takes a database without clients: `CountOtherDBBackends` in the server's procarray.c.
        """
        pause = threading.Event()
        for _ in range(_LOOKS):
            if not self.connection.execute(_TERMINATE, (name,)).fetchall():
                return
            pause.wait(_LOOK_SECONDS)

    def _end_stragglers(self, name: str, patience: float, done: threading.Event) -> None:
        if done.wait(patience):
            return
        with connect_home(self.address) as connection:
            while not done.wait(_STRAGGLER_SECONDS):
                connection.execute(_TERMINATE, (name,))

    def _execute(self, statement: str, *parts: sql.Composable) -> None:
        self.connection.execute(sql.SQL(statement).format(*parts))
