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
from psycopg.rows import scalar_row

from devenv.databases.database import Address
from devenv.errors import DatabaseError

MAINTENANCE = "postgres"
"""The database to be connected to while others are copied and renamed; every server has it."""
_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 600
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
    comment: str
    size_bytes: int


def connect(address: Address, database: str) -> psycopg.Connection:
    """A connection in autocommit mode; raises DatabaseError in the server's words."""
    try:
        return psycopg.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=address.password,
            dbname=database,
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            application_name="devenv",
            # The way there is this machine: neither the user's certificates nor their Kerberos ticket are for it.
            sslmode="disable",
            gssencmode="disable",
            options=f"-c statement_timeout={_STATEMENT_SECONDS}s",
        )
    except psycopg.Error as error:
        raise DatabaseError(
            f"connect to PostgreSQL database {database} failed",
            context={"address": f"{address.host}:{address.port}", "user": address.user, "cause": str(error).strip()},
            hint="devenv status --credentials",
        ) from error


@contextmanager
def telling(what: str) -> Iterator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except psycopg.Error as error:
        raise DatabaseError(f"{what} failed", context={"cause": str(error).strip()}, hint="devenv status") from error


class Server:
    """One connection to the maintenance database."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.connection = connect(address, MAINTENANCE)

    def close(self) -> None:
        """Disconnect; locks of this session go with it."""
        self.connection.close()

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Wait for all others that lock the same name. A session that is killed lets go of it."""
        key = (f"devenv/{name}",)
        self.connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", key)
        try:
            yield
        finally:
            if not self.connection.closed:
                self.connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", key)

    def find(self, prefix: str) -> list[DatabaseFacts]:
        """The databases whose names begin so, by name."""
        rows = self.connection.execute(
            "SELECT datname, coalesce(shobj_description(oid, 'pg_database'), ''), pg_database_size(oid) "
            "FROM pg_database WHERE starts_with(datname, %s) ORDER BY datname",
            (prefix,),
        )
        return [DatabaseFacts(*row) for row in rows]

    def comment(self, name: str) -> str | None:
        """A database's comment; None when there is no such database."""
        with self.connection.cursor(row_factory=scalar_row) as cursor:
            cursor.execute(
                "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = %s",
                (name,),
            )
            found: str | None = cursor.fetchone()
            return found

    def describe(self, name: str, comment: str) -> None:
        """Set a database's comment."""
        self._execute("COMMENT ON DATABASE {} IS {}", sql.Identifier(name), sql.Literal(comment))

    def create(self, name: str) -> None:
        """Make an empty database that belongs to the user."""
        self._execute("CREATE DATABASE {} OWNER {}", sql.Identifier(name), sql.Identifier(self.address.user))

    def copy(self, source: str, target: str, comment: str) -> None:
        """Make a database from another, whose clients are disconnected; only a complete copy has the comment."""
        self.drop(target)
        with self._without_clients(source):
            self._execute(
                "CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY {}",
                sql.Identifier(target),
                sql.Identifier(self.address.user),
                sql.Identifier(source),
                sql.SQL(self._strategy(source)),
            )
        self.describe(target, comment)

    def drop(self, name: str) -> None:
        """Remove a database, clients or not; one that is absent is fine."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", sql.Identifier(name))

    def replace(self, name: str, replacement: str, aside: str, comment: str) -> None:
        """Put one database in another's place in a single transaction; the replaced one is left as `aside`."""
        self.drop(aside)
        with self._without_clients(name), self.connection.transaction():
            if self.comment(name) is not None:
                self._hand_down(name, replacement)
                self._execute("ALTER DATABASE {} RENAME TO {}", sql.Identifier(name), sql.Identifier(aside))
            self._execute("ALTER DATABASE {} RENAME TO {}", sql.Identifier(replacement), sql.Identifier(name))
            self.describe(name, comment)

    def _hand_down(self, name: str, replacement: str) -> None:
        """Give what a copy does not bring along: settings and privileges of the database itself."""
        statements = self.connection.execute(
            "SELECT format('ALTER DATABASE %%I SET %%I TO %%L', %(new)s::text, split_part(setting, '=', 1),"
            " substr(setting, strpos(setting, '=') + 1))"
            " FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) setting"
            " WHERE d.datname = %(old)s AND s.setrole = 0"
            " UNION ALL SELECT format('GRANT %%s ON DATABASE %%I TO %%s%%s', a.privilege_type, %(new)s::text,"
            " CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,"
            " CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)"
            " FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = %(old)s",
            {"new": replacement, "old": name},
        ).fetchall()
        for (statement,) in statements:
            self.connection.execute(statement)

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
        with connect(self.address, MAINTENANCE) as connection:
            while not done.wait(_STRAGGLER_SECONDS):
                connection.execute(_TERMINATE, (name,))

    def _execute(self, statement: str, *parts: sql.Composable) -> None:
        self.connection.execute(sql.SQL(statement).format(*parts))
