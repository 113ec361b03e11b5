"""Fresh databases for tests, from the environment that runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devenv.databases.clones import ClonePool
from devenv.databases.engines import open_database
from devenv.workflows.access.session import silent_session
from devenv.workflows.databases.deployed import Deployed, Deployment, reach


@contextmanager
def clone_pool(directory: Path, stack: str, *, size: int = 2) -> Iterator[ClonePool]:
    """A pool of clones of a stack's database, `size` of them kept ready, and more once a test had to wait.

    Raises:
        ClusterError: the environment of the project in or above `directory` does not run.
        UsageError: the stack has no database.
        DatabaseError: it is not deployed or not ready, or its engine cannot be cloned.
    """
    with reach(directory, silent_session(), [stack]) as deployment:
        (deployed,) = deployment.choose([stack])
        pool = pool_of(deployment, deployed, size=size)

    with pool:
        yield pool


def pool_of(deployment: Deployment, deployed: Deployed, *, size: int, empty: bool = False) -> ClonePool:
    """The same for one database of an environment that was reached, not begun yet; `empty` as migrations find it."""
    address = deployment.address(deployed)
    return ClonePool(lambda: open_database(address), deployed.spec.name, size, empty=empty)
