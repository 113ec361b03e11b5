"""One ClickHouse database, as devenv uses any."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from devenv.databases.access import Access
from devenv.databases.address import Address
from devenv.databases.applied import AppliedMigration
from devenv.databases.clickhouse.comparison import ClickHouseComparison
from devenv.databases.clickhouse.copies import ClickHouseCopies
from devenv.databases.clickhouse.server import Server
from devenv.databases.clickhouse.snapshots import ClickHouseSnapshots
from devenv.databases.database import Database
from devenv.databases.host_lock import HostLeases, host_lock

_APPLIED = """
SELECT version, checksum, finished FROM {database:Identifier}.schema_migrations FINAL ORDER BY version
"""
_HAS_TABLE = """
SELECT name FROM system.tables WHERE database = {database:String} AND name = 'schema_migrations'
"""


@contextmanager
def open_clickhouse(address: Address) -> Iterator[Database]:
    """See `devenv.databases.engines.open_database`."""
    with closing(Server(address)) as server, closing(HostLeases(address)) as leases:
        server.execute("SELECT 1")
        access = Access(f"ClickHouse database {address.name}", partial(host_lock, address))
        copies = ClickHouseCopies(server, access, leases)
        comparison, snapshots = ClickHouseComparison(server), ClickHouseSnapshots(server)
        yield Database(address, access, copies, comparison, snapshots, copies, partial(_applied, server))


def _applied(server: Server) -> tuple[AppliedMigration, ...]:
    """The record of the program that the chart's Job runs."""
    name = server.address.name
    rows = server.rows(_APPLIED, database=name) if server.rows(_HAS_TABLE, database=name) else ()
    return tuple(AppliedMigration(row["version"], row["checksum"], failed=not row["finished"]) for row in rows)
