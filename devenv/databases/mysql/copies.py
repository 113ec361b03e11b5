"""The copies of a MySQL database, which is a schema of the server, that devenv keeps beside it.

`<name>_pristine` is what migrations and seeds make: the chart's migrations Job rebuilds it, nobody else writes to it.
`<name>_spare` has its tables once more, and the next reset only has to rename them. `<name>_devenv` holds the live
schema's mark: the others carry theirs inside, but nothing of ours is among the tables of applications.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from devenv.databases.access import Access
from devenv.databases.address import Address
from devenv.databases.mysql import structure
from devenv.databases.mysql.eviction import evicting
from devenv.databases.mysql.journal import journal_schema
from devenv.databases.mysql.seeds import apply_seed
from devenv.databases.mysql.server import Server, quoted
from devenv.databases.mysql.switch import Switch, switch
from devenv.databases.mysql.transfer import copy, copy_tables
from devenv.errors import DatabaseError

_SEEDING = "seeds are being applied"


class MySQLCopies:
    """See `devenv.databases.database.Copies` and `Cloning`."""

    def __init__(self, server: Server, access: Access) -> None:
        self._server = server
        self._access = access
        self._name = server.address.name
        self._pristine = f"{self._name}_pristine"
        self._unseeded = f"{self._name}_unseeded"
        self._spare = f"{self._name}_spare"
        self._old = f"{self._name}_old"
        self._marks = journal_schema(self._name)

    def pristine(self) -> str:
        """One that the Job has rebuilt has no mark yet."""
        mark = self._server.mark(self._pristine)
        return "" if mark == _SEEDING else mark

    def live_mark(self) -> str:
        return self._server.mark(self._marks)

    def note_live(self, mark: str) -> None:
        if not self._server.exists(self._marks):
            self._server.create(self._marks, like=self._name)
        self._server.set_mark(self._marks, mark)

    def make_pristine(self, content: str, seeds: Sequence[Path]) -> None:
        """Seeds go to the schema as it was before any; what it would do by itself is stopped."""
        if not self._server.exists(self._pristine):
            raise self._access.no_pristine()
        mark = self._server.mark(self._pristine)
        if mark == content:
            return
        # It is of the pristine schema before: made of the same files, and not the same.
        self._server.remove_mark(self._spare)
        if mark == _SEEDING:
            self._unseed()
        self._stop_events()
        if seeds:
            copy(self._server, self._pristine, self._unseeded, "as migrated", home=self._pristine)
            self._server.set_mark(self._pristine, _SEEDING)
        seeder = self._seeder()
        try:
            for path in seeds:
                apply_seed(seeder, self._pristine, path)
        except DatabaseError:
            self._unseed()
            raise
        self._stop_events()
        self._server.set_mark(self._pristine, content)
        self._server.drop(self._unseeded)

    def make_spare(self) -> None:
        self._server.drop(self._old)
        self._fill_spare()

    def replace_live(self, content: str) -> None:
        """One RENAME TABLE when a spare is there, a copy before it when not."""
        self._fill_spare()
        # The spare counts no more from here on: half of it may be in use.
        self._server.remove_mark(self._spare)
        wanted = Switch(self._name, self._spare, self._old, self._pristine, self._marks, content)
        switch(self._server, self._name, wanted)

    def clone(self, name: str, *, empty: bool) -> int:
        if empty:
            self._server.create(name, like=self._name)
            return 0
        copy(self._server, self._pristine, name, self.pristine())
        return self._server.size(self._pristine)

    def drop(self, name: str) -> None:
        with evicting(self._server, name):
            self._server.drop(name)

    def clones(self, prefix: str) -> list[str]:
        return [facts.name for facts in self._server.find(prefix)]

    def keep(self, name: str, kept: str) -> None:
        """A schema cannot be renamed."""
        with evicting(self._server, name):
            copy(self._server, name, kept, "")
            self._server.drop(name)

    def lease(self, key: str) -> None:
        self._server.lease(key)

    def is_leased(self, key: str) -> bool:
        return self._server.is_leased(key)

    def _fill_spare(self) -> None:
        content = self._server.mark(self._pristine)
        if self._server.mark(self._spare) != content:
            copy_tables(self._server, self._pristine, self._spare, home=self._name)
            self._server.set_mark(self._spare, content)

    def _seeder(self) -> Address:
        """As whom seeds are applied: the account that the Job has confined to the pristine schema, or the owner."""
        accounts = (self._marks, "devenv_accounts")
        if not self._server.has_table(*accounts):
            return self._server.address
        statement = f"SELECT name, password FROM {quoted(*accounts)} WHERE confined_to = %s"
        rows = self._server.execute(statement, (self._pristine,))
        return replace(self._server.address, user=rows[0][0], password=rows[0][1]) if rows else self._server.address

    def _stop_events(self) -> None:
        for event in structure.events(self._server, self._pristine):
            self._server.execute(f"DROP EVENT {quoted(self._pristine, event)}")

    def _unseed(self) -> None:
        wanted = Switch(self._pristine, self._unseeded, self._old, self._unseeded, self._pristine, "")
        switch(self._server, self._name, wanted)
