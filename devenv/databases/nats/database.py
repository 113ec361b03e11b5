"""One NATS server with JetStream, as devenv uses any database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from devenv.databases.access import Access
from devenv.databases.address import Address
from devenv.databases.database import Database
from devenv.databases.nats.comparison import NatsComparison
from devenv.databases.nats.copies import NatsCopies
from devenv.databases.nats.server import Server, translate_errors
from devenv.databases.nats.snapshots import NatsSnapshots


@contextmanager
def open_nats(address: Address) -> Iterator[Database]:
    """See `devenv.databases.engines.open_database`."""
    with Server.connect(address) as server:
        access = Access("NATS", server.lock, translate_errors)
        yield Database(address, access, NatsCopies(server, access), NatsComparison(server), NatsSnapshots(server))
