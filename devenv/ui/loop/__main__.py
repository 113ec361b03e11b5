"""The program of the view: `python -m devenv.ui.loop EVENTS REQUESTS`, started by `devenv dev --view`.

It reads JSON lines of events from the one descriptor until they end, and writes what the user asks for to the other,
a line each. It ends with the events alone: signals that ask for an end are for the process that has started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import TextIO

from devenv.ui.loop.model import LoopModel
from devenv.ui.loop.screen import LoopScreen
from devenv.ui.run.wire import from_wire


def main() -> int:
    """Show the view from the first event to the last; the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    # Where the loop was killed, the shell has taken the terminal back: its modes can be set nevertheless.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTTOU])
    # They stand for the size to Python, and who exports them has another one after a while.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    reading, requests = map(int, sys.argv[1:])
    events = os.fdopen(reading, encoding="utf-8")
    first = events.readline()
    if not first:  # the loop has ended before it has begun
        return 0
    model, lock = LoopModel(), threading.Lock()
    _take(model, lock, first)
    screen = LoopScreen(model, lock, lambda line: _write(requests, line))
    # Where the screen fails it waits for events, which nobody closes then: the process ends nevertheless.
    reader = threading.Thread(target=_follow, args=(events, model, lock, screen), name="events", daemon=True)
    screen.call_later(reader.start)
    screen.run()
    return screen.return_code or 0


def _follow(events: TextIO, model: LoopModel, lock: threading.Lock, screen: LoopScreen) -> None:
    try:
        for line in events:
            _take(model, lock, line)
    finally:
        screen.call_from_thread(screen.exit)


def _take(model: LoopModel, lock: threading.Lock, line: str) -> None:
    # A loop that was killed may leave a part of a line.
    if line.endswith("\n") and (event := from_wire(json.loads(line))):
        with lock:
            model.apply(event)


def _write(descriptor: int, line: str) -> None:
    try:
        os.write(descriptor, f"{line}\n".encode())
    except BrokenPipeError:
        return  # who has started it is gone: the events end as well


if __name__ == "__main__":
    sys.exit(main())
