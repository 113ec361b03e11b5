"""A lock over one database among the processes of this user on this machine.

For engines without a lock that a client could hold. Their ports are published on loopback alone, so whoever resets one
runs on this machine. The kernel lets go of the lock when its holder ends, however it ends.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from devenv.adapters.files.paths import host_state_dir
from devenv.databases.address import Address


@contextmanager
def host_lock(address: Address) -> Iterator[None]:
    """Wait until nobody else holds the lock over a database, then hold it."""
    with (host_state_dir("locks") / f"{address.engine}-{address.port}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
