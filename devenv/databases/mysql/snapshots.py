"""Named states of a MySQL database: schemas that nobody connects to, with the time in their marks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from devenv.databases.mysql import structure
from devenv.databases.mysql.eviction import evicting
from devenv.databases.mysql.journal import journal_schema
from devenv.databases.mysql.server import Server, quoted
from devenv.databases.mysql.switch import Switch, switch
from devenv.databases.mysql.transfer import copy_tables
from devenv.databases.snapshots import Snapshot
from devenv.errors import SnapshotError

_LONGEST_SCHEMA = 59
"""A schema's name has up to 64 characters, and there may be another one that is called after it."""


class MySQLSnapshots:
    """See `devenv.databases.snapshots.NamedStates`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._name = server.address.name
        self._prefix = f"{self._name}_snapshot_"

    def found(self) -> Iterator[Snapshot]:
        """A copy without a mark was never completed."""
        for facts in self._server.find(self._prefix):
            if taken := self._server.mark(facts.name):
                name = facts.name.removeprefix(self._prefix)
                yield Snapshot(name, datetime.fromisoformat(taken), facts.size_bytes)

    def keep(self, name: str) -> None:
        """Clients wait for the copy to write, those in a transaction are disconnected."""
        schema, made = self._prefix + name, f"{self._name}_saving"
        if len(schema) > _LONGEST_SCHEMA:
            raise SnapshotError(
                f"{name} is too long for the name of a snapshot",
                context={"schema": schema, "characters": f"{len(schema)}, at most {_LONGEST_SCHEMA}"},
                hint="devenv db snapshot, with a shorter name",
            )
        taken = datetime.now(UTC).isoformat()
        with self._without_writers():
            copy_tables(self._server, self._name, made, home=self._name)
        if not self._server.exists(schema):
            self._server.create(schema, like=self._name)
        self._put(Switch(schema, made, self._old, self._name, schema, taken))

    def bring_back(self, name: str) -> None:
        schema, made = self._prefix + name, f"{self._name}_restoring"
        copy_tables(self._server, schema, made, home=self._name)
        marks = journal_schema(self._name)
        self._put(Switch(self._name, made, self._old, schema, marks, self._server.mark(marks)))

    def drop(self, name: str) -> None:
        self._server.drop(self._prefix + name)

    @property
    def _old(self) -> str:
        return f"{self._name}_old"

    def _put(self, wanted: Switch) -> None:
        switch(self._server, self._name, wanted)
        self._server.drop(wanted.by)
        self._server.drop(wanted.aside)

    @contextmanager
    def _without_writers(self) -> Iterator[None]:
        """Keep the live tables as they are, all at one moment, until the block ends."""
        names = structure.tables(self._server, self._name)
        holder = Server(self._server.address)
        try:
            if names:
                with evicting(holder, self._name):
                    locks = ", ".join(f"{quoted(self._name, name)} READ" for name in names)
                    holder.execute(f"LOCK TABLES {locks}")
            yield
        finally:
            holder.close()
