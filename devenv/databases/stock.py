"""What a pool of clones has and what it needs next: decided here, done by the pool's threads.

Knows no server. Names and addresses come in and go out under one lock.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from devenv.databases.address import Address
from devenv.errors import DevenvError

_MOST_READY = 16
"""How far a pool grows whose takers had to wait."""
_SPENT_BYTES = 256 << 20
_SPENT = (8, 64)
"""How much of given-back clones may lie about while others are waited for, and how many at least and at most. Beyond
that they are dropped first: each worker of a test run has a pool, and each clone takes its place on the disk."""
_REST_SECONDS = 0.05
"""A clone that was just given back may have clients that are about to leave: dropping it then means to wait."""


@dataclass(frozen=True, slots=True)
class Make:
    """One more clone is wanted."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What others have left behind is to be found."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A clone is of no more use."""

    name: str


@dataclass(frozen=True, slots=True)
class End:
    """Nothing is left to do, and nothing will come."""


Task = Make | Sweep | Drop | End


class Stock:
    """Clones that are ready, in use and spent.

    Those that somebody waits for are made first, then those that are kept ready, and dropping comes last. Whenever
    somebody had to wait, one more is kept ready from then on.
    """

    def __init__(self, size: int) -> None:
        """`size` is how many are kept ready at first."""
        self._changed = threading.Condition()
        self._ready: deque[Address] = deque()
        self._failures: deque[DevenvError] = deque()
        """What those who ask next are told in place of an address."""
        self._in_use: set[str] = set()
        self._spent: deque[tuple[float, str]] = deque()
        """With the time from which they may be dropped."""
        self._most_spent = _SPENT[0]
        self._target = size
        self._most = max(size, _MOST_READY)
        self._waiting = 0
        self._making = 0
        self._stalled = False
        """The last one could not be made: none is, until somebody asks for one."""
        self._swept = False
        self._ended = False

    def take(self, timeout: float) -> Address:
        """A clone that is ready, or the next one that is.

        Raises:
            DevenvError: it could not be made.
            TimeoutError: none was ready in time.
        """
        with self._changed:
            if self._ended:
                raise ValueError("the pool is closed")
            self._stalled = False
            if not self._ready:
                self._target = min(self._target + 1, self._most)
            self._waiting += 1
            self._changed.notify_all()
            try:
                if not self._changed.wait_for(lambda: self._ready or self._failures, timeout):
                    raise TimeoutError(f"no clone was ready within {timeout:g} s")
            finally:
                self._waiting -= 1
            if self._failures:
                raise self._failures.popleft()
            address = self._ready.popleft()
            self._in_use.add(address.name)
            return address

    def give_back(self, name: str) -> None:
        """End the use of a clone; again, or of one that was withdrawn, is fine."""
        with self._changed:
            if name in self._in_use:
                self._in_use.remove(name)
                self._spent.append((time.monotonic() + _REST_SECONDS, name))
                self._changed.notify_all()

    def withdraw(self, name: str) -> None:
        """Let go of a clone in use, which is somebody else's from now on."""
        with self._changed:
            self._in_use.discard(name)

    def next(self) -> Task:
        """What is to be done, once there is something; the caller reports a `Make` by `made` or `failed`."""
        with self._changed:
            while (task := self._due()) is None:
                self._changed.wait(self._until_rested())
            return task

    def made(self, address: Address, size_bytes: int) -> None:
        """A clone is ready."""
        least, most = _SPENT
        with self._changed:
            self._making -= 1
            self._most_spent = max(least, min(most, _SPENT_BYTES // max(size_bytes, 1)))
            self._ready.append(address)
            if self._ended:
                self._spend_ready("")
            self._changed.notify_all()

    def found(self, names: Iterable[str]) -> None:
        """Have dropped what others have left behind."""
        with self._changed:
            self._spent.extend((0.0, name) for name in names)
            self._changed.notify_all()

    def failed(self, task: Task, error: DevenvError) -> None:
        """A task could not be done: whoever waits, or asks next, is told. What was not dropped is left to a sweep."""
        with self._changed:
            if isinstance(task, Make):
                self._making -= 1
                self._stalled = True
            if self._ended:
                self._spent.clear()
            elif not isinstance(task, Make) or self._waiting > len(self._failures):
                self._failures.append(error)
            self._changed.notify_all()

    def distrust(self, prefix: str) -> None:
        """Hand out none of those whose names begin so: nothing protects them any more."""
        with self._changed:
            self._spend_ready(prefix)
            self._changed.notify_all()

    def end(self) -> None:
        """Have dropped whatever is there, in use or not."""
        with self._changed:
            self._ended = True
            self._spend_ready("")
            self._spent.extend((0.0, name) for name in self._in_use)
            self._in_use.clear()
            self._changed.notify_all()

    def _due(self) -> Task | None:
        if self._ended:
            return self._last_due()
        wanted = self._waiting + (0 if self._stalled else self._target)
        lacking = wanted - len(self._ready) - self._making
        if lacking > 0 and len(self._spent) < self._most_spent:
            self._making += 1
            return Make()
        if lacking <= 0 and not self._swept:
            self._swept = True
            return Sweep()
        if self._spent and (self._spent[0][0] <= time.monotonic() or len(self._spent) >= self._most_spent):
            return Drop(self._spent.popleft()[1])
        return None

    def _last_due(self) -> Task | None:
        if self._spent:
            return Drop(self._spent.popleft()[1])
        if not self._swept:
            self._swept = True
            return Sweep()
        return End()

    def _until_rested(self) -> float | None:
        return max(self._spent[0][0] - time.monotonic(), 0.0) if self._spent and not self._ended else None

    def _spend_ready(self, prefix: str) -> None:
        spent = [address for address in self._ready if address.name.startswith(prefix)]
        self._ready = deque(address for address in self._ready if address not in spent)
        self._spent.extend((0.0, address.name) for address in spent)
