"""The copies of a PostgreSQL database that devenv keeps beside it.

`<name>_pristine` is what migrations and seeds make: the chart's migrations Job rebuilds it, nobody else writes to it.
`<name>_spare` is a copy of it that the next reset only has to rename. Clients of the live database are disconnected
by a reset; those that reconnect find the new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from devenv.databases.access import Access
from devenv.databases.inside import Execute
from devenv.databases.postgres.seeds import apply_files
from devenv.databases.postgres.server import Server


class PostgresCopies:
    """See `devenv.databases.database.Copies`."""

    def __init__(self, server: Server, access: Access, execute: Execute | None) -> None:
        self._server = server
        self._access = access
        self._execute = execute
        self._name = server.address.name
        self._pristine = f"{self._name}_pristine"
        self._spare = f"{self._name}_spare"
        self._seeding = f"{self._name}_seeding"
        self._old = f"{self._name}_old"

    def pristine(self) -> str:
        """One that the Job has rebuilt has no mark; one in another locale is not like the live one."""
        return self._server.mark_if_alike(self._pristine, self._name)

    def live_mark(self) -> str:
        return self._server.mark(self._name) or ""

    def note_live(self, mark: str) -> None:
        self._server.set_mark(self._name, mark)

    def make_pristine(self, content: str, seeds: Sequence[Path]) -> None:
        """Seeds go to a copy, which then becomes the pristine one. One that fails leaves nothing."""
        mark = self._server.mark(self._pristine)
        if mark is None:
            raise self._access.no_pristine()
        if mark == content:
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

    def make_spare(self) -> None:
        self._server.drop(self._old)
        self._fill_spare()

    def replace_live(self, content: str) -> None:
        """Two renames when a spare is there, a copy before them when not."""
        self._fill_spare()
        self._server.replace(self._name, self._spare, self._old, content, like=self._name)

    def _fill_spare(self) -> None:
        content = self._server.mark(self._pristine) or ""
        if self._server.mark(self._spare) != content:
            self._server.copy(self._pristine, self._spare, content, like=self._name)
