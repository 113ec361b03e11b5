"""One Meilisearch server, as devenv uses any database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from devenv.databases.access import Access
from devenv.databases.address import Address
from devenv.databases.database import Database
from devenv.databases.host_lock import host_lock
from devenv.databases.meilisearch.comparison import MeilisearchComparison
from devenv.databases.meilisearch.copies import MeilisearchCopies
from devenv.databases.meilisearch.server import Server
from devenv.databases.meilisearch.sets import IndexSets
from devenv.databases.meilisearch.snapshots import MeilisearchSnapshots


@contextmanager
def open_meilisearch(address: Address) -> Iterator[Database]:
    """See `devenv.databases.engines.open_database`."""
    with closing(Server(address)) as server:
        server.indexes()
        access = Access("Meilisearch", partial(host_lock, address))
        sets = IndexSets(server, address.name)
        copies, comparison = MeilisearchCopies(server, sets), MeilisearchComparison(server, sets)
        yield Database(address, access, copies, comparison, MeilisearchSnapshots(server, sets))
