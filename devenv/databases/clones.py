"""Fresh databases for tests, handed out from a pool that threads keep warm.

A clone is a database of its own, like the pristine one, for one test. Making one takes the server a copy; the pool
makes the next ones while the tests run, and drops those that are given back when nobody waits.
"""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from devenv.databases.address import Address
from devenv.databases.database import Database
from devenv.databases.stock import Drop, End, Make, Stock, Task
from devenv.errors import DatabaseError, DevenvError

Connect = Callable[[], AbstractContextManager[Database]]
"""Opens a connection of the pool's own."""

_MAKERS = 2
"""Threads, each with a connection: a server copies and drops databases side by side, but not many."""
_REACH_SECONDS = 5.0
_MOST_KEPT = 50
"""When more clones are kept, the oldest of them go."""


class ClonePool:
    """Clones of one database, some of them ready at any time. Threads may share it.

    Names begin with `<database>_clone_` and the lease of the connection that made them. The server, or the kernel,
    knows whether its holder lives: what a process that was killed has left behind is dropped by the next pool.
    """

    def __init__(self, connect: Connect, database: str, size: int = 2, *, empty: bool = False) -> None:
        """`size` is how many clones wait ready; more do from when a taker had to wait.

        With `empty` they are not like the pristine one, but as its migrations found it.
        """
        if size < 1:
            raise ValueError("a pool holds at least one clone")
        self._connect = connect
        self._database = database
        self._empty = empty
        self._prefix = f"{database}_clone_"
        self._stock = Stock(size)
        self._threads = [
            threading.Thread(target=self._serve, name=f"clones of {database}", daemon=True) for _ in range(_MAKERS)
        ]

    def __enter__(self) -> Self:
        """Begin to make clones."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop all clones of this pool, except for those that are kept."""
        self._stock.end()
        for thread in self._threads:
            thread.join()

    def take(self, timeout: float = 60.0) -> Address:
        """A fresh database, waiting up to `timeout` seconds when none is ready; the next one is begun.

        Raises:
            DatabaseError: it could not be made, or its server has gone meanwhile.
            TimeoutError: none was ready in time.
        """
        address = self._stock.take(timeout)
        try:
            _require_server(address)
        except DatabaseError:
            self.give_back(address)
            raise
        return address

    def give_back(self, address: Address) -> None:
        """Drop a clone, in the background."""
        self._stock.give_back(address.name)

    def keep(self, address: Address) -> Address:
        """Keep a clone as it is, under a name that neither this pool's end nor another pool's sweep drops.

        Its clients may be disconnected. The newest fifty of a database stay.

        Returns:
            Where it answers from now on: `<database>_kept_<time>_<…>`.

        Raises:
            DatabaseError: the server refused it; the clone is the pool's as before.
        """
        prefix = f"{self._database}_kept_"
        kept = f"{prefix}{datetime.now(UTC):%Y%m%dT%H%M%S}_{uuid.uuid4().hex[:6]}"
        with self._connect() as database:
            moved = database.keep_clone(address.name, kept)
            self._stock.withdraw(address.name)
            for name in sorted(database.clones(prefix))[:-_MOST_KEPT]:
                database.drop_clone(name)
        return moved

    @contextmanager
    def database(self) -> Iterator[Address]:
        """A fresh database for the length of a block."""
        address = self.take()
        try:
            yield address
        finally:
            self.give_back(address)

    def _serve(self) -> None:
        task = self._stock.next()
        while not isinstance(task, End):
            lease = uuid.uuid4().hex[:12]
            try:
                with self._connect() as database:
                    database.lease(lease)
                    task = self._work(database, f"{self._prefix}{lease}_", task)
            except DevenvError as error:
                self._stock.failed(task, error)
                task = self._stock.next()

    def _work(self, database: Database, mine: str, task: Task) -> Task:
        """Work until there is no more to do, or the connection is lost; returns the task that is to be done then."""
        made = 0
        while not isinstance(task, End):
            try:
                if isinstance(task, Make):
                    made += 1
                    clone = database.clone(f"{mine}{made}", empty=self._empty)
                    self._stock.made(clone.address, clone.size_bytes)
                elif isinstance(task, Drop):
                    database.drop_clone(task.name)
                else:
                    self._stock.found(self._left_behind(database))
            except DevenvError as error:
                if not self._answers(database):
                    self._stock.distrust(mine)
                    return task
                self._stock.failed(task, error)
            task = self._stock.next()
        return task

    def _answers(self, database: Database) -> bool:
        try:
            database.clones(self._prefix)
        except DevenvError:
            return False
        return True

    def _left_behind(self, database: Database) -> list[str]:
        """The clones whose makers are gone."""
        makers: dict[str, list[str]] = {}
        for name in database.clones(self._prefix):
            makers.setdefault(name.removeprefix(self._prefix).split("_")[0], []).append(name)
        return [name for maker, names in makers.items() if not database.is_leased(maker) for name in names]


def _require_server(address: Address) -> None:
    """A clone that waited may be of a server that is gone: said here, and not by the test's first statement."""
    try:
        socket.create_connection((address.host, address.port), _REACH_SECONDS).close()
    except OSError as error:
        raise DatabaseError(
            f"{address.engine} does not answer any more",
            context={"address": f"{address.host}:{address.port}", "cause": str(error)},
            hint="devenv status",
        ) from error
