"""One MySQL database, which is a schema of the server, and the copies of it that devenv keeps beside it.

`<name>_pristine` is what migrations and seeds make: the chart's migrations Job rebuilds it, nobody else writes to it.
`<name>_spare` has its tables once more, and the next reset only has to rename them. `<name>_devenv` holds the live
schema's mark: the others carry theirs inside, but nothing of ours is among the tables of applications.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

import pymysql

from devenv.databases.database import Address, AppliedMigration
from devenv.databases.flyway import HISTORY, HISTORY_ROWS, applied_migrations
from devenv.databases.mysql import structure
from devenv.databases.mysql.comparison import others, state
from devenv.databases.mysql.copies import copy, copy_tables
from devenv.databases.mysql.eviction import evicting
from devenv.databases.mysql.journal import complete, exclusively, journal_schema
from devenv.databases.mysql.script import statements
from devenv.databases.mysql.server import Server, connect, error_text, quoted, translate_errors
from devenv.databases.mysql.snapshots import MySQLSnapshots
from devenv.databases.mysql.switch import Switch, switch
from devenv.databases.preparing import prepare
from devenv.databases.statements import seed_failed, seed_text
from devenv.errors import DatabaseError

_SEEDING = "seeds are being applied"
_COMPARED_BYTES = 64 << 20
"""Up to this size tables are read to compare them: a fraction of a second."""


class MySQL:
    """See `devenv.databases.database.Database`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._name = server.address.name
        self._pristine = f"{self._name}_pristine"
        self._spare = f"{self._name}_spare"
        self._old = f"{self._name}_old"
        self._marks = journal_schema(self._name)
        self._unseeded = f"{self._name}_unseeded"

    @classmethod
    @contextmanager
    def connect(cls, address: Address) -> Iterator[Self]:
        """A connection for a few calls; raises DatabaseError when the server does not answer or refuses the login."""
        with closing(Server(address)) as server:
            with translate_errors(f"complete what was begun in MySQL database {address.name}"):
                complete(server, address.name)
            yield cls(server)

    def touched(self) -> bool:
        """See `Database.touched`: the server's checksums of the tables, where they are small."""
        with translate_errors(f"compare {self._name} with its pristine state"):
            if not self._content() or others(self._server, self._name):
                return True
            if self._server.size(self._name) > _COMPARED_BYTES:
                return True
            return self.state(pristine=False) != self.state(pristine=True)

    @property
    def snapshots(self) -> MySQLSnapshots:
        """Named states."""
        return MySQLSnapshots(self._server, self._name)

    def prepare(self, content: str, seeds: Sequence[Path], *, fresh: bool = False) -> bool:
        """See `Database.prepare`. A pristine schema that the Job has rebuilt has no mark yet."""
        with translate_errors(f"prepare MySQL database {self._name}"), exclusively(self._server, self._name):
            if not self._server.exists(self._pristine):
                raise self._no_pristine()
            kept = prepare(self, content, seeds, fresh=fresh)
            self._server.drop(self._old)
            self._make_spare(content)
            return kept

    def live_mark(self) -> str:
        """See `Preparing`."""
        return self._server.mark(self._marks)

    def note_live(self, mark: str) -> None:
        """See `Preparing`."""
        if not self._server.exists(self._marks):
            self._server.create(self._marks, like=self._name)
        self._server.set_mark(self._marks, mark)

    def state(self, *, pristine: bool) -> str:
        """See `Preparing`."""
        return state(self._server, self._pristine if pristine else self._name)

    def complete_pristine(self, content: str, seeds: Sequence[Path]) -> None:
        """See `Preparing`."""
        if self._server.mark(self._pristine) != content:
            # It is of the pristine schema before: made of the same files, and not the same.
            self._server.remove_mark(self._spare)
            self._seed(seeds, content)

    def replace_live(self, content: str) -> None:
        """See `Preparing`: one RENAME TABLE when a spare is there, a copy before it when not."""
        self._make_spare(content)
        # The spare counts no more from here on: half of it may be in use.
        self._server.remove_mark(self._spare)
        wanted = Switch(self._name, self._spare, self._old, self._pristine, self._marks, content)
        switch(self._server, self._name, wanted)

    def pristine(self) -> str:
        """See `Database.pristine`."""
        with translate_errors(f"ask for the pristine state of {self._name}"):
            return self._content()

    def make_spare(self) -> None:
        """See `Database.make_spare`. The tables that the last reset replaced go too."""
        with translate_errors(f"make a spare of MySQL database {self._name}"), exclusively(self._server, self._name):
            self._server.drop(self._old)
            if content := self._content():
                self._make_spare(content)

    def reset(self) -> None:
        """See `Database.reset`: one RENAME TABLE when a spare is there, a copy before it when not."""
        with translate_errors(f"reset MySQL database {self._name}"), exclusively(self._server, self._name):
            content = self._content()
            if not content:
                raise self._no_pristine()
            self.replace_live(content)

    def empty(self) -> None:
        """See `Database.empty`."""
        with translate_errors(f"empty MySQL database {self._name}"), exclusively(self._server, self._name):
            for schema in (self._marks, self._spare, self._unseeded, self._pristine, self._old):
                self._server.drop(schema)
            self._server.create(self._old, like=self._name)
            with evicting(self._server, self._name):
                self._server.drop(self._name)
            self._server.create(self._name, like=self._old)
            self._server.drop(self._old)

    def applied(self) -> tuple[AppliedMigration, ...]:
        """See `Database.applied`: Flyway's own record."""
        with translate_errors(f"list the migrations of {self._name}"):
            if HISTORY not in structure.tables(self._server, self._name):
                return ()
            rows = self._server.execute(
                f"SELECT {HISTORY_ROWS} FROM {quoted(self._name, HISTORY)} ORDER BY installed_rank"
            )
        return applied_migrations(rows)

    def clone(self, name: str) -> Address:
        """A schema of another name, like the pristine one; raises DatabaseError."""
        with translate_errors(f"clone MySQL database {self._name}"):
            content = self._content()
            if not content:
                raise self._no_pristine()
            copy(self._server, self._pristine, name, content)
        address = self._server.address
        return Address(address.engine, address.host, address.port, name, address.user, address.password)

    def drop(self, name: str) -> None:
        """Remove a clone; one that is gone is fine."""
        with translate_errors(f"drop MySQL database {name}"), evicting(self._server, name):
            self._server.drop(name)

    def clones(self, prefix: str) -> list[str]:
        """The schemas whose names begin so."""
        with translate_errors("list the clones"):
            return [facts.name for facts in self._server.find(prefix)]

    def _content(self) -> str:
        mark = self._server.mark(self._pristine)
        return "" if mark == _SEEDING else mark

    def _make_spare(self, content: str) -> None:
        if self._server.mark(self._spare) != content:
            copy_tables(self._server, self._pristine, self._spare, home=self._name)
            self._server.set_mark(self._spare, content)

    def _seed(self, seeds: Sequence[Path], content: str) -> None:
        """Apply the seeds to the pristine schema as it was before any; what it would do by itself is stopped."""
        if self._server.mark(self._pristine) == _SEEDING:
            self._unseed()
        self._stop_events()
        if seeds:
            copy(self._server, self._pristine, self._unseeded, "as migrated", home=self._pristine)
            self._server.set_mark(self._pristine, _SEEDING)
        try:
            for path in seeds:
                self._apply(path)
        except DatabaseError:
            self._unseed()
            raise
        self._stop_events()
        self._server.set_mark(self._pristine, content)
        self._server.drop(self._unseeded)

    def _stop_events(self) -> None:
        for event in structure.events(self._server, self._pristine):
            self._server.execute(f"DROP EVENT {quoted(self._pristine, event)}")

    def _unseed(self) -> None:
        wanted = Switch(self._pristine, self._unseeded, self._old, self._unseeded, self._pristine, "")
        switch(self._server, self._name, wanted)

    def _apply(self, path: Path) -> None:
        """Apply a seed in a session of its own, as the `mysql` client would: what it sets is not for the next one."""
        with closing(connect(self._server.address, self._pristine)) as session, session.cursor() as cursor:
            for statement in statements(seed_text(path)):
                try:
                    cursor.execute(statement.text)
                    while cursor.nextset():
                        pass
                except pymysql.Error as error:
                    raise seed_failed(path, statement.line, statement.text, error_text(error)) from error
            session.commit()

    def _no_pristine(self) -> DatabaseError:
        return DatabaseError(
            f"MySQL database {self._name} has no pristine state to return to: its migrations have not run",
            hint="devenv up",
        )
