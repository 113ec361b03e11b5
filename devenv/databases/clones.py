"""Fresh databases for tests, handed out from a pool that threads keep warm.

A clone is a database of its own, like the pristine one, for one test. Making one takes the server a copy; the pool
makes the next ones while the tests run, and drops those that are given back.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from devenv.databases.address import Address
from devenv.databases.database import Database
from devenv.errors import DevenvError

Connect = Callable[[], AbstractContextManager[Database]]
"""Opens a connection of the pool's own."""


@dataclass(frozen=True, slots=True)
class _Failed:
    error: DevenvError


@dataclass(frozen=True, slots=True, order=True)
class _Task:
    """Work of the pool's threads, the most urgent first: somebody may wait for a clone, nobody for its end."""

    urgency: int
    database: str = ""


_MAKE, _DROP, _SWEEP, _END = range(4)
_MAKERS = 2
"""Threads, each with a connection: a server copies and drops databases side by side, but not many."""


class ClonePool:
    """Clones of one database, `size` of them ready at any time. Threads may share it.

    Names begin with `<database>_clone_` and the process's ID: what a process that was killed has left behind is dropped
    by the next pool on this machine, once its first clones are made.
    """

    def __init__(self, connect: Connect, database: str, size: int = 4) -> None:
        """`size` is how many clones wait ready."""
        if size < 1:
            raise ValueError("a pool holds at least one clone")
        self._connect = connect
        self._prefix = f"{database}_clone_"
        self._name = uuid.uuid4().hex[:6]
        self._ready: queue.Queue[Address | _Failed] = queue.Queue()
        self._work: queue.PriorityQueue[_Task] = queue.PriorityQueue()
        self._size = size
        self._broken: DevenvError | None = None
        """Why no clone is made any more."""
        self._threads = [
            threading.Thread(target=self._serve, name=f"clones of {database}", daemon=True) for _ in range(_MAKERS)
        ]

    def __enter__(self) -> Self:
        """Begin to make clones."""
        for _ in range(self._size):
            self._work.put(_Task(_MAKE))
        self._work.put(_Task(_SWEEP))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop all clones of this pool."""
        for _ in self._threads:
            self._work.put(_Task(_END))
        for thread in self._threads:
            thread.join()
        if not self._broken:
            with self._connect() as database:
                for name in database.clones(self._mine):
                    database.drop_clone(name)

    def take(self, timeout: float = 60.0) -> Address:
        """A fresh database, waiting up to `timeout` seconds when none is ready; the next one is begun.

        Raises:
            DatabaseError: it could not be made.
            TimeoutError: none was ready in time.
        """
        self._work.put(_Task(_MAKE))
        if self._broken:
            raise self._broken
        try:
            taken = self._ready.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"no clone was ready within {timeout:g} s") from None
        if isinstance(taken, _Failed):
            raise taken.error
        return taken

    def give_back(self, address: Address) -> None:
        """Drop a clone, in the background."""
        self._work.put(_Task(_DROP, address.name))

    @contextmanager
    def database(self) -> Iterator[Address]:
        """A fresh database for the length of a block."""
        address = self.take()
        try:
            yield address
        finally:
            self.give_back(address)

    def _serve(self) -> None:
        try:
            with self._connect() as database:
                while (task := self._work.get()).urgency != _END:
                    if task.urgency == _MAKE:
                        self._make(database)
                    elif task.urgency == _DROP:
                        database.drop_clone(task.database)
                    else:
                        self._sweep(database)
        except DevenvError as error:
            # In this order: who asks from now on sees the first, who asked before is answered by the second.
            self._broken = error
            self._refuse(error)

    def _refuse(self, error: DevenvError) -> None:
        """Answer those who wait for a clone; what is not urgent comes last, and is left to the other threads."""
        with contextlib.suppress(queue.Empty):
            while (task := self._work.get_nowait()).urgency == _MAKE:
                self._ready.put(_Failed(error))
            self._work.put(task)

    @property
    def _mine(self) -> str:
        return f"{self._prefix}{os.getpid()}_{self._name}_"

    def _make(self, database: Database) -> None:
        try:
            self._ready.put(database.clone(f"{self._mine}{uuid.uuid4().hex[:12]}"))
        except DevenvError as error:
            self._ready.put(_Failed(error))

    def _sweep(self, database: Database) -> None:
        """Have dropped what processes that were killed have left behind."""
        for name in database.clones(self._prefix):
            owner = name.removeprefix(self._prefix).split("_")[0]
            if owner.isdecimal() and not _runs(int(owner)):
                self._work.put(_Task(_DROP, name))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
