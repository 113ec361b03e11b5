"""The copies of a ClickHouse database that devenv keeps beside it.

`<name>_pristine` is what migrations and seeds make: the chart's migrations Job rebuilds it, nobody else writes to it.
Its comment is the content that it was made from. A reset exchanges those tables of the live database that differ from
it with copies, which `<name>_spare` has ready; clients stay connected, and queries that run read to their end what they
began to read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from devenv.databases.access import Access
from devenv.databases.clickhouse.seeds import apply_seed
from devenv.databases.clickhouse.server import Server
from devenv.databases.clickhouse.transfer import copy, make_spares, turn_into
from devenv.databases.host_lock import HostLeases

_SEEDING = "seeds are being applied"


class ClickHouseCopies:
    """See `devenv.databases.database.Copies` and `Cloning`."""

    def __init__(self, server: Server, access: Access, leases: HostLeases) -> None:
        self._server = server
        self._access = access
        self._leases = leases
        self._name = server.address.name
        self._pristine = f"{self._name}_pristine"
        self._unseeded = f"{self._name}_unseeded"
        self._spare = f"{self._name}_spare"

    def pristine(self) -> str:
        """One that the Job has rebuilt has no comment yet."""
        found = self._server.comment(self._pristine) or ""
        return "" if found == _SEEDING else found

    def live_mark(self) -> str:
        return self._server.comment(self._name) or ""

    def note_live(self, mark: str) -> None:
        if self._server.comment(self._name) is not None:
            self._server.describe(self._name, mark)

    def make_pristine(self, content: str, seeds: Sequence[Path]) -> None:
        """Seeds go to the database as it was before any; statements are not transactions here."""
        mark = self._server.comment(self._pristine)
        if mark is None:
            raise self._access.no_pristine()
        if mark == content:
            return
        if seeds and mark == _SEEDING:
            turn_into(self._server, self._pristine, self._unseeded, self._spare)
        elif seeds:
            copy(self._server, self._pristine, self._unseeded, "as migrated")
            self._server.describe(self._pristine, _SEEDING)
        for path in seeds:
            apply_seed(self._server, self._pristine, path)
        self._server.describe(self._pristine, content)
        self._server.drop([self._unseeded])

    def make_spare(self) -> None:
        """Spares of a state before are known by their rows."""
        make_spares(self._server, self._name, self._pristine, self._spare)

    def replace_live(self, content: str) -> None:
        """Rows of all tables change with one statement; what else differs, one by one."""
        if self._server.comment(self._name) is None:
            self._server.create(self._name)
        turn_into(self._server, self._name, self._pristine, self._spare)
        self._server.describe(self._name, content)

    def clone(self, name: str, *, empty: bool) -> int:
        """What it shares with the pristine one takes no room."""
        if empty:
            self._server.create(name)
        else:
            copy(self._server, self._pristine, name, self.pristine())
        return 0

    def drop(self, name: str) -> None:
        self._server.drop([name])

    def clones(self, prefix: str) -> list[str]:
        return list(self._server.databases(prefix))

    def keep(self, name: str, kept: str) -> None:
        """What refers to objects of its own database does so by its name: copies are given the new one."""
        copy(self._server, name, kept, "")
        self._server.drop([name])

    def lease(self, key: str) -> None:
        self._leases.hold(key)

    def is_leased(self, key: str) -> bool:
        return self._leases.is_held(key)
