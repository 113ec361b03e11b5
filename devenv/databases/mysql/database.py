"""One MySQL database, as devenv uses any."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from devenv.databases.access import Access
from devenv.databases.address import Address
from devenv.databases.applied import AppliedMigration
from devenv.databases.database import Database
from devenv.databases.flyway import HISTORY, HISTORY_ROWS, applied_migrations
from devenv.databases.mysql import structure
from devenv.databases.mysql.comparison import MySQLComparison
from devenv.databases.mysql.copies import MySQLCopies
from devenv.databases.mysql.journal import complete, exclusively
from devenv.databases.mysql.server import Server, quoted, translate_errors
from devenv.databases.mysql.snapshots import MySQLSnapshots


@contextmanager
def open_mysql(address: Address) -> Iterator[Database]:
    """See `devenv.databases.engines.open_database`. What was begun in it and not ended is ended first."""
    access = Access(f"MySQL database {address.name}", lambda: exclusively(server, address.name), translate_errors)
    with closing(Server(address)) as server:
        with access.looking("complete what was begun in"):
            complete(server, address.name)
        copies = MySQLCopies(server, access)
        comparison, snapshots = MySQLComparison(server), MySQLSnapshots(server)
        yield Database(address, access, copies, comparison, snapshots, copies, partial(_applied, server))


def _applied(server: Server) -> tuple[AppliedMigration, ...]:
    """Flyway's own record."""
    name = server.address.name
    if HISTORY not in structure.tables(server, name):
        return ()
    return applied_migrations(
        server.execute(f"SELECT {HISTORY_ROWS} FROM {quoted(name, HISTORY)} ORDER BY installed_rank")
    )
