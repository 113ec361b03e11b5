"""What a workflow is given to talk to the outside: events out, a way to ask, a way to be stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from devenv.adapters.docker import EngineLock
from devenv.adapters.files.paths import data_root
from devenv.events import Emit


@dataclass(frozen=True)
class Session:
    """One run of a command."""

    emit: Emit
    confirm: Callable[[str], bool]
    """Asks the user; False where nobody can be asked."""
    interactive: bool = field(default=False, kw_only=True)
    """Whether somebody can be asked."""
    open_log: Callable[[Path], Path]
    """Begins the run's log file in a folder; returns its path."""
    mask: Callable[..., None]
    """Registers secrets that must appear nowhere in logs or output."""
    command: str = "a program that uses devenv"
    """What others are told that this run is."""
    wait: bool = True
    """Whether it waits for others that change the same project."""
    locks: dict[str, EngineLock] = field(default_factory=dict)
    """Project to its lock, while this run holds it: `devenv.workflows.access.exclusive`."""
    cancel: threading.Event = field(default_factory=threading.Event)
    """Set when the user wants the run to stop."""
    data_root: Path = field(default_factory=data_root)
    """The folder with stacks/, cluster/ and localstack-init/."""


def silent_session() -> Session:
    """A session of programs that use devenv as a library: nothing is reported, nothing is agreed to."""
    return Session(emit=_ignore, confirm=_refuse, open_log=_same, mask=_ignore)


def _ignore(*_: object) -> None:
    """Told to nobody."""


def _refuse(_: str) -> bool:
    return False


def _same(folder: Path) -> Path:
    return folder
