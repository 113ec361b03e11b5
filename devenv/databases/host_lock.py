"""Locks over one database among the processes of this user on this machine.

For engines without a lock that a client could hold. Their ports are published on loopback alone, so whoever resets one
runs on this machine. The kernel lets go of a lock when its holder ends, however it ends.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from devenv.adapters.files.paths import host_state_dir
from devenv.databases.address import Address


@contextmanager
def host_lock(address: Address) -> Iterator[None]:
    """Wait until nobody else holds the lock over a database, then hold it."""
    with (host_state_dir("locks") / f"{address.engine}-{address.port}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class HostLeases:
    """Files that tell whether whoever made something in a database is still there."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._held = ExitStack()

    def hold(self, key: str) -> None:
        """Hold a lease until `close`."""
        path = self._path(key)
        file = self._held.enter_context(path.open("w"))
        self._held.callback(path.unlink, missing_ok=True)
        fcntl.flock(file, fcntl.LOCK_EX)

    def is_held(self, key: str) -> bool:
        """Whether its holder may live: one whose file is not here belongs to another user, machine or container."""
        try:
            with self._path(key).open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (FileNotFoundError, BlockingIOError):
            return True
        return False

    def close(self) -> None:
        """Let go of all."""
        self._held.close()

    def _path(self, key: str) -> Path:
        return host_state_dir("locks") / f"{self._address.engine}-{self._address.port}-{key}"
