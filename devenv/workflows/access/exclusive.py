"""One run at a time for each project: what every command does that changes one.

Responsible for whom the lock keeps out, and for what they are told. How an engine holds it is the concern of
`devenv.adapters.docker.locks`. Commands that only look (`status`, `logs`, `up --plan`) take no lock.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from devenv.adapters.docker import Engine, EngineLock, Holder
from devenv.adapters.files.scratch import sweep_scratch
from devenv.adapters.process import is_over, this_process
from devenv.errors import LockedError, LockError
from devenv.events import Noted
from devenv.labels import LABEL_COMMAND, LABEL_HOST, LABEL_PID, LABEL_PROCESS, LABEL_USER
from devenv.plan.names import Names
from devenv.workflows.access.session import Session

_ENDING_SECONDS = 1.0
"""For so long nothing is told: a run that was killed lets go of its lock a moment later."""
_SIGNAL_SECONDS = 0.5
"""A signal that arrives just before a wait begins does not end it: the wait is begun anew this often."""
_UNSTARTED_ROUNDS = 120
"""Rounds of that, after which a lock whose container was not started yet is taken for one of a run that is over."""


@contextmanager
def exclusive(engine: Engine, project: str, session: Session, *, to_the_end: bool = False) -> Iterator[EngineLock]:
    """Be the only run that changes a project; inside of a command that is, nothing happens.

    What is looked at inside is not changed by another run any more. Before anything is changed, the lock has to be
    confirmed: it is brought about beside the looking. `to_the_end` waits until nothing of the lock is left.

    Raises:
        LockedError: another run holds it, and this one is not to wait.
        LockError: the engine refuses it, or it was lost: then the run was stopped, as by Ctrl-C.
    """
    if held := session.locks.get(project):
        engine.containers.run = held.id
        yield held
        return
    lock = session.locks[project] = _take(engine, Names(project), session)
    engine.containers.run = lock.id
    try:
        with _swept(engine, session):
            yield lock
    except KeyboardInterrupt:
        # Threads may still be at work: the lock ends with the process.
        raise
    except BaseException as error:
        session.locks.pop(project).release()
        if lock.lost:
            raise _lost(project) from error
        raise
    session.locks.pop(project).release(wait=to_the_end)
    if lock.lost:
        raise _lost(project)


@contextmanager
def _swept(engine: Engine, session: Session) -> Iterator[None]:
    """Remove what dead runs left, beside the body."""
    with ThreadPoolExecutor(1, thread_name_prefix="sweep") as pool:
        sweep_scratch()
        sweeping = pool.submit(engine.containers.sweep)
        yield
    if left := sweeping.result():
        session.emit(Noted(f"removed what a run that was killed had left: {', '.join(left)}"))


def confirm_lock(project: str, session: Session) -> None:
    """Wait until the project's lock is held for certain; raises LockError."""
    session.locks[project].confirm()


def _take(engine: Engine, names: Names, session: Session) -> EngineLock:
    labels = {
        **names.labels,
        LABEL_COMMAND: session.command,
        LABEL_PID: str(os.getpid()),
        LABEL_HOST: socket.gethostname(),
        LABEL_USER: _user(),
        LABEL_PROCESS: this_process(),
    }
    while True:
        found = engine.locks.try_acquire(names.lock, labels, session.cancel.set)
        if isinstance(found, EngineLock):
            return found
        _await(found, engine, names.project, session)


def _await(holder: Holder, engine: Engine, project: str, session: Session) -> None:
    if holder.ended.wait(_ENDING_SECONDS):
        return
    if is_over(holder.labels.get(LABEL_PROCESS, "")):
        engine.locks.remove_unstarted(holder)
        if holder.ended.wait(_ENDING_SECONDS):
            return
    who = _described(holder)
    if not session.wait:
        raise LockedError(f"project {project} is being changed by {who}", hint="leave out --no-wait, to wait for it")
    session.emit(Noted(f"waiting for {who}, which changes project {project}"))
    rounds = 0
    while not holder.ended.wait(_SIGNAL_SECONDS):
        rounds += 1
        if rounds % _UNSTARTED_ROUNDS == 0:
            engine.locks.remove_unstarted(holder)


def _described(holder: Holder) -> str:
    labels: Mapping[str, str] = holder.labels
    since = holder.since.astimezone()
    return (
        f"devenv {labels.get(LABEL_COMMAND, '?')} (process {labels.get(LABEL_PID, '?')} of "
        f"{labels.get(LABEL_USER, '?')} on {labels.get(LABEL_HOST, '?')}, since {since:%Y-%m-%d %H:%M:%S})"
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())  # as in a container whose user has no name


def _lost(project: str) -> LockError:
    return LockError(
        f"the lock of project {project} was lost",
        context={"cause": "the engine was restarted, or somebody removed the lock's container"},
        hint="run the same command again, once the engine answers",
    )
