"""What the page's buttons do: the workflows of the commands, with their locks, their logs and their errors.

Responsible for running them beside the page, and for telling on the board how far they are.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devenv.adapters.host.trust import passwords_in
from devenv.errors import LockedError
from devenv.errors.translation import as_devenv_error
from devenv.events import Event, Noted, StepProgressed, StepStarted
from devenv.page.board import Board
from devenv.page.view import RunState, RunView, View
from devenv.ui.run.files import RunFiles
from devenv.ui.run.redaction import Secrets
from devenv.ui.run.stream import EventStream
from devenv.workflows.access.session import Session
from devenv.workflows.reset_db import ResetRequest, reset_db
from devenv.workflows.restart import RestartRequest, restart

_KEPT = 5
_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class _ProgressSink:
    """A sink that shows on the board what a run is at."""

    board: Board
    key: str

    def handle(self, event: Event) -> None:
        match event:
            case StepProgressed(message=message) | Noted(message=message):
                _note(self.board, self.key, message=message)
            case StepStarted():
                _note(self.board, self.key, message="")

    def close(self) -> None:
        """Nothing is held."""


class Runs:
    """The runs that the page began. One at a time of each thing; the project's lock orders the others."""

    def __init__(self, directory: Path, board: Board, changed: Callable[[], object]) -> None:
        """Begin none yet; `changed` is called when one has ended."""
        self._directory = directory
        self._board = board
        self._changed = changed
        self._lock = threading.Lock()
        self._running: dict[str, tuple[threading.Thread, Session]] = {}

    def reset(self, name: str) -> str:
        """Begin to reset a database; returns the run's key. Raises LockedError where that is going on."""
        request = ResetRequest(self._directory, (name,), assume_yes=True)
        return self._begin("reset-db", f"Reset {name}", lambda session: reset_db(request, session))

    def restart(self, name: str) -> str:
        """Begin to restart a stack; returns the run's key. Raises LockedError where that is going on."""
        request = RestartRequest(self._directory, (name,))
        return self._begin("restart", f"Restart {name}", lambda session: restart(request, session))

    def stop(self) -> None:
        """Stop what runs, as Ctrl-C does, and wait for it."""
        with self._lock:
            running = list(self._running.values())
        for _, session in running:
            session.cancel.set()
        for thread, _ in running:
            thread.join(_STOP_SECONDS)

    def _begin(self, command: str, title: str, work: Callable[[Session], object]) -> str:
        run = RunView(secrets.token_hex(4), title, datetime.now(UTC))
        files, masked = RunFiles(command), Secrets()
        masked.add(*passwords_in())
        stream = EventStream([_ProgressSink(self._board, run.key), files], secrets=masked)
        session = Session(
            emit=stream.emit, confirm=lambda _: False, open_log=files.open, mask=masked.add, command=command
        )
        thread = threading.Thread(target=self._run, args=(run, stream, session, masked, work), name=title, daemon=True)
        with self._lock:
            if title in self._running:
                raise LockedError(f"that is going on: {title}", hint="wait for its end")
            self._running[title] = (thread, session)
        self._board.change(lambda view: replace(view, runs=(run, *view.runs)[:_KEPT]))
        thread.start()
        return run.key

    def _run(
        self, run: RunView, stream: EventStream, session: Session, masked: Secrets, work: Callable[[Session], object]
    ) -> None:
        try:
            with stream:
                work(session)
            seconds = (datetime.now(UTC) - run.began).total_seconds()
            _note(self._board, run.key, state=RunState.DONE, message=f"in {seconds:.1f} s")
        except Exception as failure:  # noqa: BLE001 -- the last resort of a thread; shown, and in the log
            error = masked.mask_error(as_devenv_error(failure))
            _note(self._board, run.key, state=RunState.FAILED, message=error.message, hint=error.hint)
        finally:
            with self._lock:
                del self._running[run.title]
            self._changed()


def _note(board: Board, key: str, **changes: Any) -> None:
    def noted(view: View) -> View:
        return replace(view, runs=tuple(replace(run, **changes) if run.key == key else run for run in view.runs))

    board.change(noted)
