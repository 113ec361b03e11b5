"""One PostgreSQL database, as devenv uses any."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from psycopg import sql

from devenv.databases.access import Access
from devenv.databases.address import Address
from devenv.databases.applied import AppliedMigration
from devenv.databases.database import Database
from devenv.databases.inside import Execute
from devenv.databases.postgres.cloning import PostgresCloning
from devenv.databases.postgres.comparison import PostgresComparison
from devenv.databases.postgres.connection import connect, translate_errors
from devenv.databases.postgres.copies import PostgresCopies
from devenv.databases.postgres.server import Server
from devenv.databases.postgres.snapshots import PostgresSnapshots

_REVISIONS = "atlas_schema_revisions.atlas_schema_revisions"
"""Where Atlas keeps what it has applied."""


@contextmanager
def open_postgres(address: Address, execute: Execute | None = None) -> Iterator[Database]:
    """See `devenv.databases.engines.open_database`."""
    with closing(Server(address)) as server:
        access = Access(f"PostgreSQL database {address.name}", server.lock, translate_errors)
        copies = PostgresCopies(server, access, execute)
        comparison, snapshots = PostgresComparison(server), PostgresSnapshots(server)
        cloning, migrations = PostgresCloning(server), partial(_applied, address)
        yield Database(address, access, copies, comparison, snapshots, cloning, migrations)


def _applied(address: Address) -> tuple[AppliedMigration, ...]:
    """Atlas' own record."""
    with connect(address, address.name) as connection:
        if connection.execute("SELECT to_regclass(%s)", (_REVISIONS,)).fetchone() == (None,):
            return ()
        rows = connection.execute(
            sql.SQL("SELECT version, hash, coalesce(error, '') <> '' FROM {} ORDER BY version").format(
                sql.Identifier(*_REVISIONS.split("."))
            )
        )
        # Atlas keeps a row of its own, which begins with a dot.
        return tuple(AppliedMigration(*row) for row in rows if not row[0].startswith("."))
