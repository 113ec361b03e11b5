"""One PostgreSQL database and the copies of it that devenv keeps beside it.

`<name>_pristine` is what migrations and seeds make: the chart's migrations Job rebuilds it, nobody else writes to it.
`<name>_spare` is a copy of it that the next reset only has to rename. Clients of the live database are disconnected
by a reset; those that reconnect find the new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from psycopg import sql

from devenv.databases.database import Address, AppliedMigration
from devenv.databases.inside import Execute
from devenv.databases.postgres.comparison import others, state
from devenv.databases.postgres.connection import connect, translate_errors
from devenv.databases.postgres.psql import apply_files
from devenv.databases.postgres.server import Server
from devenv.databases.postgres.snapshots import PostgresSnapshots
from devenv.databases.preparing import EMPTY, prepare
from devenv.errors import DatabaseError

_REVISIONS = "atlas_schema_revisions.atlas_schema_revisions"
"""Where Atlas keeps what it has applied."""
_COMPARED_BYTES = 64 << 20
"""Up to this size rows are read to compare them: a second at most."""


class Postgres:
    """See `devenv.databases.database.Database`."""

    def __init__(self, server: Server, execute: Execute | None) -> None:
        self._server = server
        self._execute = execute
        self._name = server.address.name
        self._pristine = f"{self._name}_pristine"
        self._spare = f"{self._name}_spare"
        self._seeding = f"{self._name}_seeding"
        self._old = f"{self._name}_old"

    @classmethod
    @contextmanager
    def connect(cls, address: Address, execute: Execute | None = None) -> Iterator[Self]:
        """A connection for a few calls; raises DatabaseError when the server does not answer or refuses the login.

        `execute` is the way into the server's container, which seeds take.
        """
        with closing(Server(address)) as server:
            yield cls(server, execute)

    @property
    def snapshots(self) -> PostgresSnapshots:
        """Named states."""
        return PostgresSnapshots(self._server, self._name)

    def prepare(self, content: str, seeds: Sequence[Path], *, fresh: bool = False) -> bool:
        """See `Database.prepare`. A pristine database that the Job has rebuilt has no mark yet."""
        with translate_errors(f"prepare PostgreSQL database {self._name}"), self._server.lock(self._name):
            if self._server.mark(self._pristine) is None:
                raise self._no_pristine()
            kept = prepare(self, content, seeds, fresh=fresh)
            self._server.drop(self._old)
            self._make_spare(content)
            return kept

    def live_mark(self) -> str:
        """See `Preparing`."""
        return self._server.mark(self._name) or ""

    def note_live(self, mark: str) -> None:
        """See `Preparing`."""
        self._server.set_mark(self._name, mark)

    def state(self, *, pristine: bool) -> str:
        """See `Preparing`."""
        name = self._pristine if pristine else self._name
        return EMPTY if self._server.mark(name) is None else state(self._server.address, name)

    def complete_pristine(self, content: str, seeds: Sequence[Path]) -> None:
        """See `Preparing`: seeds go to a copy, which then becomes the pristine one. One that fails leaves nothing."""
        if self._server.mark(self._pristine) == content:
            return
        # It is of the pristine database before: made of the same files, and not the same.
        self._server.drop(self._spare)
        if not seeds:
            self._server.set_mark(self._pristine, content)
            return
        if self._execute is None:
            raise AssertionError("seeds take a way into the server's container")
        self._server.copy(self._pristine, self._seeding, "")
        self._server.give(self._seeding, like=self._name, settings_only=True)
        apply_files(self._execute, self._server.address, self._seeding, seeds)
        self._server.replace(self._pristine, self._seeding, self._old, content)

    def replace_live(self, content: str) -> None:
        """See `Preparing`: two renames when a spare is there, a copy before them when not."""
        self._make_spare(content)
        self._server.replace(self._name, self._spare, self._old, content, like=self._name)

    def pristine(self) -> str:
        """See `Database.pristine`."""
        with translate_errors(f"ask for the pristine state of {self._name}"):
            return self._content()

    def make_spare(self) -> None:
        """See `Database.make_spare`. The database that the last reset replaced goes too."""
        with translate_errors(f"make a spare of PostgreSQL database {self._name}"), self._server.lock(self._name):
            self._server.drop(self._old)
            if content := self._content():
                self._make_spare(content)

    def reset(self) -> None:
        """See `Database.reset`: two renames when a spare is there, a copy before them when not."""
        with translate_errors(f"reset PostgreSQL database {self._name}"), self._server.lock(self._name):
            content = self._content()
            if not content:
                raise self._no_pristine()
            self.replace_live(content)

    def empty(self) -> None:
        """See `Database.empty`."""
        with translate_errors(f"empty PostgreSQL database {self._name}"), self._server.lock(self._name):
            for name in (self._spare, self._pristine):
                self._server.drop(name)
            self._server.create(self._spare, like=self._name)
            self._server.replace(self._name, self._spare, self._old, "", like=self._name)
            self._server.drop(self._old)

    def applied(self) -> tuple[AppliedMigration, ...]:
        """See `Database.applied`: Atlas' own record."""
        what = f"list the migrations of {self._name}"
        with connect(self._server.address, self._name) as connection, translate_errors(what):
            known = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (_REVISIONS,)).fetchone()
            if not (known and known[0]):
                return ()
            rows = connection.execute(
                sql.SQL("SELECT version, hash, coalesce(error, '') <> '' FROM {} ORDER BY version").format(
                    sql.Identifier(*_REVISIONS.split("."))
                )
            )
            # Atlas keeps a row of its own, which begins with a dot.
            return tuple(AppliedMigration(*row) for row in rows if not row[0].startswith("."))

    def touched(self) -> bool:
        """See `Database.touched`: all that is in the server, rows where they are few."""
        with translate_errors(f"compare {self._name} with its pristine state"):
            size = next((facts.size_bytes for facts in self._server.find(self._name) if facts.name == self._name), 0)
            if not self._content() or size > _COMPARED_BYTES or others(self._server.connection, self._server.address):
                return True
            return self.state(pristine=False) != self.state(pristine=True)

    def clone(self, name: str) -> Address:
        """A database of another name, like the pristine one; raises DatabaseError."""
        with translate_errors(f"clone PostgreSQL database {self._name}"):
            content = self._content()
            if not content:
                raise self._no_pristine()
            self._server.copy(self._pristine, name, content, like=self._name)
            self._server.give(name, like=self._name)
        address = self._server.address
        return Address(address.engine, address.host, address.port, name, address.user, address.password)

    def drop(self, name: str) -> None:
        """Remove a clone; one that is gone is fine."""
        with translate_errors(f"drop PostgreSQL database {name}"):
            self._server.drop(name)

    def clones(self, prefix: str) -> list[str]:
        """The databases whose names begin so."""
        with translate_errors("list the clones"):
            return [facts.name for facts in self._server.find(prefix)]

    def _content(self) -> str:
        """What the pristine database was made from. One in another locale than the live one is not like it."""
        content = self._server.mark(self._pristine)
        live = self._server.locale(self._name)
        return content if content and (not live or live == self._server.locale(self._pristine)) else ""

    def _make_spare(self, content: str) -> None:
        if self._server.mark(self._spare) != content:
            self._server.copy(self._pristine, self._spare, content, like=self._name)

    def _no_pristine(self) -> DatabaseError:
        return DatabaseError(
            f"PostgreSQL database {self._name} has no pristine state to return to: its migrations have not run",
            hint="devenv up",
        )
