"""Named states of a MySQL database: schemas that nobody connects to, with the time in their marks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from devenv.databases.database import Snapshot
from devenv.databases.mysql import structure
from devenv.databases.mysql.copies import copy_tables
from devenv.databases.mysql.eviction import evicting
from devenv.databases.mysql.journal import exclusively, journal_schema
from devenv.databases.mysql.server import Server, quoted, translate_errors
from devenv.databases.mysql.switch import Switch, switch
from devenv.errors import SnapshotError

_LONGEST_SCHEMA = 59
"""A schema's name has up to 64 characters, and there may be another one that is called after it."""


class MySQLSnapshots:
    """See `devenv.databases.database.Snapshots`."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self._name = name
        self._prefix = f"{name}_snapshot_"
        self._old = f"{name}_old"

    def save(self, name: str) -> None:
        """See `Snapshots.save`; clients wait for the copy to write, those in a transaction are disconnected."""
        schema, made = self._prefix + name, f"{self._name}_saving"
        if len(schema) > _LONGEST_SCHEMA:
            raise SnapshotError(
                f"{name} is too long for the name of a snapshot",
                context={"schema": schema, "characters": f"{len(schema)}, at most {_LONGEST_SCHEMA}"},
                hint="devenv db snapshot, with a shorter name",
            )
        with translate_errors(f"save snapshot {name}"), exclusively(self._server, self._name):
            taken = datetime.now(UTC).isoformat()
            with self._without_writers():
                copy_tables(self._server, self._name, made, home=self._name)
            if not self._server.exists(schema):
                self._server.create(schema, like=self._name)
            switch(self._server, self._name, Switch(schema, made, self._old, self._name, schema, taken))
            self._server.drop(made)
            self._server.drop(self._old)

    def restore(self, name: str) -> None:
        """See `Snapshots.restore`."""
        schema, made = self._prefix + name, f"{self._name}_restoring"
        with translate_errors(f"restore snapshot {name}"), exclusively(self._server, self._name):
            self._require(name)
            copy_tables(self._server, schema, made, home=self._name)
            marks = journal_schema(self._name)
            content = self._server.mark(marks)
            switch(self._server, self._name, Switch(self._name, made, self._old, schema, marks, content))
            self._server.drop(made)
            self._server.drop(self._old)

    def list(self) -> tuple[Snapshot, ...]:
        """See `Snapshots.list`; a copy without a mark was never completed."""
        with translate_errors(f"list the snapshots of {self._name}"):
            found = [(facts, self._server.mark(facts.name)) for facts in self._server.find(self._prefix)]
        snapshots = [
            Snapshot(facts.name.removeprefix(self._prefix), datetime.fromisoformat(taken), facts.size_bytes)
            for facts, taken in found
            if taken
        ]
        return tuple(sorted(snapshots, key=lambda snapshot: snapshot.taken))

    def remove(self, name: str) -> None:
        """See `Snapshots.remove`."""
        with translate_errors(f"remove snapshot {name}"), exclusively(self._server, self._name):
            self._require(name)
            self._server.drop(self._prefix + name)

    def _require(self, name: str) -> None:
        if not self._server.mark(self._prefix + name):
            raise SnapshotError(f"{self._name} has no snapshot {name}", hint="devenv db list")

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
