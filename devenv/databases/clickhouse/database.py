"""One ClickHouse database and the copies of it that devenv keeps beside it.

`<name>_pristine` is what migrations and seeds make: the chart's migrations Job rebuilds it, nobody else writes to it.
Its comment is the content that it was made from. A reset exchanges those tables of the live database that differ from
it with copies, which `<name>_spare` has ready; clients stay connected, and queries that run read to their end what they
began to read.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from devenv.databases.clickhouse.comparison import others, rows, state
from devenv.databases.clickhouse.difference import difference
from devenv.databases.clickhouse.objects import Kind, for_database, read_objects
from devenv.databases.clickhouse.script import statements
from devenv.databases.clickhouse.server import Server, StatementError
from devenv.databases.clickhouse.snapshots import ClickHouseSnapshots
from devenv.databases.clickhouse.transfer import copy, make_spares, turn_into
from devenv.databases.database import Address, AppliedMigration
from devenv.databases.host_lock import host_lock
from devenv.databases.preparing import prepare
from devenv.databases.statements import seed_failed, seed_text
from devenv.errors import DatabaseError

_SEEDING = "seeds are being applied"
_APPLIED = """
SELECT version, checksum, finished FROM {database:Identifier}.schema_migrations FINAL ORDER BY version
"""
_HAS_TABLE = """
SELECT name FROM system.tables WHERE database = {database:String} AND name = 'schema_migrations'
"""


class ClickHouse:
    """See `devenv.databases.database.Database`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._name = server.address.name
        self._pristine = f"{self._name}_pristine"
        self._unseeded = f"{self._name}_unseeded"
        self._spare = f"{self._name}_spare"

    @classmethod
    @contextmanager
    def connect(cls, address: Address) -> Iterator[Self]:
        """A connection for a few calls; raises DatabaseError when the server does not answer or refuses the login."""
        with closing(Server(address)) as server:
            server.execute("SELECT 1")
            yield cls(server)

    @property
    def snapshots(self) -> ClickHouseSnapshots:
        """Named states."""
        return ClickHouseSnapshots(self._server, self._name)

    def prepare(self, content: str, seeds: Sequence[Path], *, fresh: bool = False) -> bool:
        """See `Database.prepare`. A pristine database that the Job has rebuilt has no comment yet."""
        with host_lock(self._server.address):
            if self._server.comment(self._pristine) is None:
                raise self._no_pristine()
            kept = prepare(self, content, seeds, fresh=fresh)
            make_spares(self._server, self._name, self._pristine, self._spare)
            return kept

    def live_mark(self) -> str:
        """See `Preparing`."""
        return self._server.comment(self._name) or ""

    def note_live(self, mark: str) -> None:
        """See `Preparing`."""
        if self._server.comment(self._name) is not None:
            self._server.describe(self._name, mark)

    def state(self, *, pristine: bool) -> str:
        """See `Preparing`."""
        name = self._pristine if pristine else self._name
        return state(self._server, name, as_in=self._name)

    def complete_pristine(self, content: str, seeds: Sequence[Path]) -> None:
        """See `Preparing`."""
        found = self._server.comment(self._pristine) or ""
        if found != content:
            self._seed(found, seeds)
            self._server.describe(self._pristine, content)
            self._server.drop([self._unseeded])

    def replace_live(self, content: str) -> None:
        """See `Preparing`."""
        self._reset()
        self._server.describe(self._name, content)

    def pristine(self) -> str:
        """See `Database.pristine`."""
        found = self._server.comment(self._pristine) or ""
        return "" if found == _SEEDING else found

    def make_spare(self) -> None:
        """See `Database.make_spare`."""
        with host_lock(self._server.address):
            if self.pristine():
                make_spares(self._server, self._name, self._pristine, self._spare)

    def reset(self) -> None:
        """See `Database.reset`. Rows of all tables change with one statement; what else differs, one by one."""
        with host_lock(self._server.address):
            if not self.pristine():
                raise self._no_pristine()
            self._reset()

    def empty(self) -> None:
        """See `Database.empty`."""
        with host_lock(self._server.address):
            self._server.drop([self._spare, self._unseeded, self._pristine, self._name])
            self._server.create(self._name)

    def applied(self) -> tuple[AppliedMigration, ...]:
        """See `Database.applied`: the record of the program that the chart's Job runs."""
        if not self._server.rows(_HAS_TABLE, database=self._name):
            return ()
        rows = self._server.rows(_APPLIED, database=self._name)
        return tuple(AppliedMigration(row["version"], row["checksum"], failed=not row["finished"]) for row in rows)

    def touched(self) -> bool:
        """See `Database.touched`: by what a reset would do, and by the rows that it would replace in any case."""
        if not self.pristine() or others(self._server, self._name):
            return True
        wanted = for_database(read_objects(self._server, self._pristine), self._pristine, self._name)
        present = read_objects(self._server, self._name)
        todo = difference(present, wanted)
        # Tables without parts are replaced by every reset, since nothing tells whether their rows are the same.
        unsure = [t for t in todo.swap if t.kind is Kind.ROWS and present[t.name].definition == t.definition]
        if todo.drop or todo.make or todo.refill or len(unsure) < len(todo.swap):
            return True
        return any(rows(self._server, self._name, t.name) != rows(self._server, self._pristine, t.name) for t in unsure)

    def clone(self, name: str) -> Address:
        """A database of another name, like the pristine one; raises DatabaseError."""
        content = self.pristine()
        if not content:
            raise self._no_pristine()
        copy(self._server, self._pristine, name, content)
        address = self._server.address
        return Address(address.engine, address.host, address.port, name, address.user, address.password)

    def drop(self, name: str) -> None:
        """Remove a clone; one that is gone is fine."""
        self._server.drop([name])

    def clones(self, prefix: str) -> list[str]:
        """The databases whose names begin so."""
        return list(self._server.databases(prefix))

    def _reset(self) -> None:
        if self._server.comment(self._name) is None:
            self._server.create(self._name)
        turn_into(self._server, self._name, self._pristine, self._spare)

    def _seed(self, mark: str, seeds: Sequence[Path]) -> None:
        """Apply the seeds to the pristine database as it was before any; statements are not transactions here."""
        if not seeds:
            return
        if mark == _SEEDING:
            turn_into(self._server, self._pristine, self._unseeded, self._spare)
        else:
            copy(self._server, self._pristine, self._unseeded, "as migrated")
            self._server.describe(self._pristine, _SEEDING)
        for path in seeds:
            # What a file sets holds to its end, and not for the next one.
            session = uuid.uuid4().hex
            for statement in statements(seed_text(path)):
                try:
                    self._server.execute(statement.text, database=self._pristine, session_id=session)
                except StatementError as error:
                    raise seed_failed(path, statement.line, statement.text, error.cause) from error

    def _no_pristine(self) -> DatabaseError:
        return DatabaseError(
            f"ClickHouse database {self._name} has no pristine state to return to: its migrations have not run",
            hint="devenv up",
        )
