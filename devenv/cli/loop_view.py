"""`devenv dev --view`: what happens goes to the view while it is open, and what is asked for there is done here.

Responsible for both pipes of the view (`devenv.ui.loop`), a process of its own: however slow the terminal, and whatever
becomes of the view, the loop goes on. Before and after it, and where it fails, events are shown in lines.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from devenv.adapters.host.browser import open_in_browser
from devenv.adapters.process import OnTerminal
from devenv.cli import wiring
from devenv.errors import RunFailedError, UsageError
from devenv.errors.translation import as_devenv_error
from devenv.events import Event, Noted, WatchStarted
from devenv.ui.run.jsonl import JsonLines
from devenv.ui.run.stream import Sink
from devenv.workflows.access.session import Session
from devenv.workflows.dev import DevCommand, dev
from devenv.workflows.restart import RestartRequest, restart

_PROGRAM = "devenv.ui.loop"
_STOP_SECONDS = 10.0

Take = Callable[[str], None]


def run_in_view(command: DevCommand, *, as_json: bool, verbose: bool, wait: bool) -> None:
    """Run `devenv dev` with its view; raises UsageError where that cannot be shown, and what `dev` raises."""
    _require_terminal(as_json=as_json)
    shown = LoopView(wiring.screen_sink(as_json=False, verbose=verbose), command.directory)
    with wiring.run_session("dev", wait=wait, screen=shown) as session:
        dev(replace(command, typed=shown.typed(session)), session)


def _require_terminal(*, as_json: bool) -> None:
    if as_json:
        raise UsageError("--view is for people, --json for programs", hint="devenv dev --json")
    dumb = os.environ.get("TERM", "") in ("", "dumb")
    if dumb or not (sys.stdin.isatty() and sys.stderr.isatty()):
        what = "this terminal can show no more than lines (TERM)" if dumb else "there is no terminal for --view"
        raise UsageError(what, hint="devenv dev")
    if os.tcgetpgrp(sys.stdin.fileno()) != os.getpgrp():
        raise UsageError("--view needs the terminal, and this command runs in the background", hint="devenv dev")


class LoopView:
    """A sink: the view from the first event of the watch to its end, `lines` otherwise."""

    def __init__(self, lines: Sink, directory: Path) -> None:
        """`directory` is where the project is looked for."""
        self._lines, self._directory = lines, directory
        self._program: OnTerminal | None = None
        self._view: JsonLines | None = None

    def handle(self, event: Event) -> None:
        program = self._program
        try:
            if program and isinstance(event, WatchStarted):
                self._view = JsonLines(program.events)
            if view := self._view:
                view.handle(event)
                return
        except (OSError, ValueError):  # it has ended, or is ended just now
            self._view = None
        self._lines.handle(event)

    def close(self) -> None:
        self._lines.close()

    def typed(self, session: Session) -> Callable[[Take], AbstractContextManager[None]]:
        """What a loop is given to hear what the user types: the view is open as long as it listens."""
        return partial(self._open, session)

    @contextmanager
    def _open(self, session: Session, take: Take) -> Iterator[None]:
        requests = _Requests(self._directory, session, take)

        def ended(status: int) -> None:
            self._program = self._view = None
            message = f"the view has ended with status {status}; from here on it is told in lines"
            session.emit(Noted(message, "warning", "Ctrl-C ends devenv dev"))

        program = self._program = OnTerminal(_PROGRAM, requests.handle, ended)
        try:
            yield
        finally:
            requests.stop()
            program.close()
            self._program = self._view = None


class _Requests:
    """What the user asks for in the view."""

    def __init__(self, directory: Path, session: Session, take: Take) -> None:
        self._directory, self._session, self._take = directory, session, take
        self._restarts: dict[str, tuple[threading.Thread, Session]] = {}

    def handle(self, line: str) -> None:
        """Begin what a line asks for."""
        verb, _, subject = line.partition(" ")
        match verb:
            case "rebuild":
                self._take(f"r {subject}")
            case "restart":
                self._restart(subject)
            case "open":
                self._open(subject)
            case "quit":
                # As Ctrl-C does it where the terminal makes a signal of that.
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def stop(self) -> None:
        """Stop what was begun, as Ctrl-C does."""
        running = list(self._restarts.values())
        for _, session in running:
            session.cancel.set()
        for thread, _ in running:
            thread.join(_STOP_SECONDS)

    def _restart(self, name: str) -> None:
        """The workflow of `devenv restart`, which waits for the end of a round, and rounds for its."""
        if name in self._restarts and self._restarts[name][0].is_alive():
            return
        session = replace(self._session, command="restart", locks={}, cancel=threading.Event())
        request = RestartRequest(self._directory, (name,))

        def run() -> None:
            try:
                restart(request, session)
            except RunFailedError:
                return  # each failure has been reported by its own event
            except Exception as failure:  # noqa: BLE001 -- the last resort of a thread; shown, and in the log
                error = as_devenv_error(failure)
                session.emit(Noted(error.message, "warning", error.hint))

        thread = threading.Thread(target=run, name=f"restart {name}", daemon=True)
        self._restarts[name] = (thread, session)
        thread.start()

    def _open(self, url: str) -> None:
        if not open_in_browser(url):
            self._session.emit(Noted(f"no browser can be opened here: {url}"))
