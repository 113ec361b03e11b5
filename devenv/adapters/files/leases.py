"""Numbered places that processes of this user share, each for one holder at a time.

For what a server has a fixed number of, and no lock that would end with its holder: logical databases, accounts. The
kernel lets go of a place when its holder ends, however it ends.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from devenv.adapters.files.paths import host_state_dir
from devenv.errors import DatabaseError

_USED, _KEPT, _FREE = "used", "kept", ""


@dataclass(slots=True)
class Lease:
    """A place that is held."""

    number: int
    left_behind: bool
    """Whether its last holder was killed, or kept it: what that one has put there may be there still."""
    keep: bool = False
    """Set by the holder: what is there stays. Such a place is given to others only when no other one is free."""


@contextmanager
def lease(folder: Path, kind: str, count: int) -> Iterator[Lease | None]:
    """A free place of a kind, until the block ends; None where all are held.

    Where the block raises, the next holder is told that something may be left.
    """
    for last_resort in (False, True):
        for number in range(count):
            with (folder / f"{kind}-{number}").open("a+") as file:
                if not _held(file):
                    continue
                state = _state(file)
                if state == _KEPT and not last_resort:
                    continue
                held = Lease(number, left_behind=state != _FREE)
                _note(file, _USED)
                yield held
                _note(file, _KEPT if held.keep else _FREE)
                return
    yield None


@contextmanager
def lease_for_test(kind: str, count: int, what: str) -> Iterator[Lease]:
    """One of this user's places of a kind for a test; `what` there are so many of, in the plural, is for the error.

    Raises:
        DatabaseError: all are held.
    """
    with lease(host_state_dir("leases"), kind, count) as held:
        if held is None:
            raise DatabaseError(
                f"all {count} {what} for tests are in use",
                hint="run fewer tests at once, or end the test runs that hold them",
            )
        yield held


def _held(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _state(file: TextIO) -> str:
    file.seek(0)
    return file.read()


def _note(file: TextIO, state: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(state)
    file.flush()
