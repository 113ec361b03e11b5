"""One connection to the server, and single operations on whole schemas.

Responsible for running statements and for the marks that tell what a schema was made from. What the schemas are for
is decided in `devenv.databases.mysql.copies`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pymysql
from pymysql.constants import CLIENT

from devenv.databases.address import Address
from devenv.errors import DatabaseError

MARK = "devenv_mark"
"""The table in which a copy says that it is complete, and what it was made from."""
WAITS = "SELECT 1 FROM information_schema.processlist WHERE id = %s AND state LIKE 'Waiting for %%lock'"
"""Answers with a row while a connection waits for a lock on a table or schema."""
Rows = Sequence[tuple[Any, ...]]
_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 600
_LOCK_SECONDS = 600
_SESSION = (
    "SET SESSION foreign_key_checks = 0, unique_checks = 0, lock_wait_timeout = 60,"
    # Rows are copied as they are: an ID of 0 stays, and a date that is no date today was one when it was written.
    " sql_mode = 'NO_AUTO_VALUE_ON_ZERO',"
    # A copy takes no locks on the rows that it reads.
    " transaction_isolation = 'READ-COMMITTED'"
)
"""MariaDB before 11.1 calls the last one tx_isolation."""


def _key(name: str) -> str:
    return f"devenv/{name}"


def _script_key(name: str) -> str:
    """Known to the chart's finish.sh as well."""
    return f"{_key(name)}/script"


def _lease_key(key: str) -> str:
    return f"devenv/clones/{key}"


@dataclass(frozen=True, slots=True)
class SchemaFacts:
    """A schema of the server."""

    name: str
    size_bytes: int


def quoted(*names: str) -> str:
    """An identifier, its parts joined with dots."""
    return ".".join(f"`{name.replace('`', '``')}`" for name in names)


def marking(schema: str, content: str) -> tuple[str, str]:
    """Statements that note what a schema was made from; `content` is a literal."""
    table = quoted(schema, MARK)
    return (
        f"CREATE TABLE IF NOT EXISTS {table} (id TINYINT PRIMARY KEY, content VARCHAR(200) NOT NULL)",
        f"REPLACE INTO {table} VALUES (1, {content})",
    )


def connect(address: Address, database: str | None = None) -> pymysql.Connection[Any]:
    """A connection in autocommit mode that takes several statements at once; raises DatabaseError."""
    try:
        return pymysql.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            # The driver would make Latin-1 of it.
            password=address.password.encode(),
            database=database,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_STATEMENT_SECONDS,
            client_flag=CLIENT.MULTI_STATEMENTS,
            program_name="devenv",
            # The way there is this machine; making a TLS context takes longer than a small reset.
            ssl_disabled=True,
        )
    except (pymysql.Error, OSError) as error:
        raise DatabaseError(
            f"connect to MySQL database {database or address.name} failed",
            context={"address": f"{address.host}:{address.port}", "user": address.user, "cause": error_text(error)},
            hint="devenv status --credentials",
        ) from error


@contextmanager
def translate_errors(what: str) -> Iterator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except (pymysql.Error, OSError) as error:
        raise DatabaseError(f"{what} failed", context={"cause": error_text(error)}, hint="devenv status") from error


def error_text(error: Exception) -> str:
    """What the server says, with its number."""
    return " ".join(f"{part}" for part in error.args) or type(error).__name__


class Server:
    """A connection that has no schema of its own, so that it is nobody's client."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.connection = connect(address)
        with translate_errors("prepare the session"):
            version, self.id = self.execute("SELECT VERSION(), CONNECTION_ID()")[0]
            self.maria = "MariaDB" in version
            self.execute(_SESSION.replace("transaction_isolation", "tx_isolation") if self.maria else _SESSION)

    def close(self) -> None:
        """Disconnect; locks of this session go with it."""
        if self.connection.open:
            self.connection.close()

    def execute(self, text: str, arguments: Sequence[object] | None = None) -> Rows:
        """Run one or more statements; the rows of the last one."""
        with self.connection.cursor() as cursor:
            cursor.execute(text, arguments)
            rows: Rows = cursor.fetchall()
            while cursor.nextset():
                rows = cursor.fetchall()
            return rows

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Wait for all others that lock the same name. A session that is killed lets go of it."""
        return self._lock(_key(name), name)

    def script_lock(self, name: str) -> AbstractContextManager[None]:
        """The lock of the session in which a script runs, whatever becomes of who began it."""
        return self._lock(_script_key(name), name)

    def lease(self, key: str) -> None:
        """Hold a lock that nobody else wants until the connection ends."""
        self.execute("SELECT GET_LOCK(%s, %s)", (_lease_key(key), _LOCK_SECONDS))

    def is_leased(self, key: str) -> bool:
        """Whether a connection holds it."""
        return self._holder(_lease_key(key)) is not None

    def holder(self, name: str) -> int | None:
        """The connection that holds a name's lock."""
        return self._holder(_key(name))

    def holder_of_script(self, name: str) -> int | None:
        """The connection in which a script runs."""
        return self._holder(_script_key(name))

    def _holder(self, key: str) -> int | None:
        answer = self.execute("SELECT IS_USED_LOCK(%s)", (key,))[0][0]
        return None if answer is None else int(answer)

    def literal(self, text: str) -> str:
        """A text as a literal of the server's."""
        return str(self.connection.escape(text))

    @contextmanager
    def _lock(self, key: str, name: str) -> Iterator[None]:
        if self.execute("SELECT GET_LOCK(%s, %s)", (key, _LOCK_SECONDS)) != ((1,),):
            raise DatabaseError(f"another devenv has kept MySQL database {name} for itself for {_LOCK_SECONDS} s")
        try:
            yield
        finally:
            if self.connection.open:
                self.execute("SELECT RELEASE_LOCK(%s)", (key,))

    def use(self, schema: str) -> None:
        """Make a schema the one that names without a schema are looked up in."""
        self.execute(f"USE {quoted(schema)}")

    def leave(self) -> None:
        """Be nobody's client again: those of a schema may be ended."""
        self.use("information_schema")

    def find(self, prefix: str) -> list[SchemaFacts]:
        """The schemas whose names begin so, by name."""
        pattern = prefix.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%") + "%"
        rows = self.execute(
            "SELECT s.schema_name, coalesce(sum(t.data_length + t.index_length), 0)"
            " FROM information_schema.schemata s"
            " LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name"
            " WHERE s.schema_name LIKE %s GROUP BY s.schema_name ORDER BY s.schema_name",
            (pattern,),
        )
        return [SchemaFacts(str(name), int(size)) for name, size in rows]

    def size(self, schema: str) -> int:
        """A schema's size in bytes, as the server estimates it."""
        return sum(facts.size_bytes for facts in self.find(schema) if facts.name == schema)

    def exists(self, schema: str) -> bool:
        """Whether there is such a schema."""
        return bool(self.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (schema,)))

    def has_table(self, schema: str, table: str) -> bool:
        """Whether a schema has such a table."""
        known = "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"
        return bool(self.execute(known, (schema, table)))

    def create(self, schema: str, like: str) -> None:
        """Make an empty schema with another one's character set and collation."""
        rows = self.execute(
            "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata"
            " WHERE schema_name = %s",
            (like,),
        )
        form = f" CHARACTER SET {rows[0][0]} COLLATE {rows[0][1]}" if rows else ""
        self.execute(f"CREATE DATABASE {quoted(schema)}{form}")

    def drop(self, schema: str) -> None:
        """Remove a schema; one that is absent is fine."""
        self.execute(f"DROP DATABASE IF EXISTS {quoted(schema)}")

    def mark(self, schema: str) -> str:
        """What a schema was made from; empty when it is not there or not complete."""
        rows = self.execute(f"SELECT content FROM {quoted(schema, MARK)}") if self.has_table(schema, MARK) else ()
        return str(rows[0][0]) if rows else ""

    def set_mark(self, schema: str, content: str) -> None:
        """Note what a schema was made from."""
        for statement in marking(schema, self.literal(content)):
            self.execute(statement)

    def remove_mark(self, schema: str) -> None:
        """Note that a schema is not complete."""
        self.execute(f"DROP TABLE IF EXISTS {quoted(schema, MARK)}")
