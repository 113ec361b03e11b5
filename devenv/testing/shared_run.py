"""What the processes of one test run share: whether the environment is up, who made it, and why it is not.

One process has the environment brought up, the others wait for it. The lock is the kernel's: one that is killed leaves
it to the next. It imports nothing heavy.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import pytest

RUN = pytest.StashKey["SharedRun"]()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    failure: str = ""
    """The whole error as text; empty where the environment is up."""
    summary: str = ""
    """Of the error, one line."""


class SharedRun:
    """A folder that all processes of the run know."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def begun(cls) -> Self:
        """A new one."""
        return cls(Path(tempfile.mkdtemp(prefix="devenv-tests-")))

    def settle(self, have: Callable[[], Outcome]) -> Outcome:
        """What `have` found, which only the first process calls, or the next where that one was killed."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = self.outcome
            if found is None:
                found = have()
                self.record(found)
            return found

    @property
    def outcome(self) -> Outcome | None:
        """None while nobody knows."""
        file = self.folder / "outcome.json"
        return Outcome(**json.loads(file.read_text())) if file.exists() else None

    def record(self, outcome: Outcome) -> None:
        """Tell all, whole or not at all."""
        written = self.folder / f"outcome-{os.getpid()}"
        written.write_text(json.dumps(asdict(outcome)))
        written.replace(self.folder / "outcome.json")

    def note_absent(self) -> None:
        """There is no environment, and one is begun: it is this run's, whatever becomes of the process."""
        self._mark.touch()

    @property
    def brought_up(self) -> bool:
        """Whether the environment was made for this run."""
        return self._mark.exists()

    def end(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _mark(self) -> Path:
        return self.folder / "brought-up"


def run_of(config: pytest.Config) -> SharedRun:
    """The run of this process, begun where there is none."""
    if RUN not in config.stash:
        config.stash[RUN] = SharedRun.begun()
    return config.stash[RUN]
