"""A program of devenv's own on this process's terminal, which goes on meanwhile: they talk by two pipes.

Responsible for the terminal: whatever ends the program, it is as it was before.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import termios
import threading
from collections.abc import Callable
from typing import TextIO

_GRACE_SECONDS = 5.0
"""For the program to give the terminal back once it has nothing more to read; then it is killed."""
_AS_BEFORE = (
    "\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l\x1b[?2026l"  # focus, pasting, sizes, synchronized output
    "\x1b[<u\x1b[?1049l\x1b[?7h\x1b[?25h\x1b[0m"  # keyboard, the other screen, wrapping, cursor, colours
)
"""Switches off what such a program may have switched on (xterm's ctlseqs; the keyboard's is kitty's)."""


class OnTerminal:
    """A started module, with the terminal as its standard input and outputs; its arguments are two descriptors.

    What is written to `events` it reads from the first; when that ends, it has to end. Each line that it writes to the
    second is told to `on_line`, and that it has ended, before it was asked to, to `on_end` with its status; both in
    another thread.
    """

    def __init__(self, module: str, on_line: Callable[[str], None], on_end: Callable[[int], None]) -> None:
        self._terminal = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._terminal)
        self._on_line, self._on_end = on_line, on_end
        self._closing = threading.Event()
        its_events, events = os.pipe()
        requests, its_requests = os.pipe()
        self.events: TextIO = os.fdopen(events, "w", encoding="utf-8")
        self._requests: TextIO = os.fdopen(requests, encoding="utf-8", errors="replace")
        try:
            self._process = subprocess.Popen(
                # What lies in the user's folder is not to be taken for a module (-P).
                [sys.executable, "-P", "-m", module, str(its_events), str(its_requests)],
                stdout=sys.stderr.fileno(),
                pass_fds=(its_events, its_requests),
            )
        finally:
            os.close(its_events)
            os.close(its_requests)
        self._thread = threading.Thread(target=self._follow, name=module, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Have it end, and give the terminal back."""
        self._closing.set()
        # Closing waits for whoever writes to a program that does not read, as one that was stopped.
        closing = threading.Thread(target=self._end_events, name="end of events", daemon=True)
        closing.start()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        closing.join()
        self._thread.join(_GRACE_SECONDS)

    def _end_events(self) -> None:
        with contextlib.suppress(OSError):
            self.events.close()

    def _follow(self) -> None:
        with self._requests:
            for line in self._requests:
                self._on_line(line.rstrip("\n"))
        status = self._process.wait()
        self._give_back(clean=status == 0)
        if not self._closing.is_set():
            self._on_end(status)

    def _give_back(self, *, clean: bool) -> None:
        # The terminal may be gone, with the window that it was in.
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(self._terminal, termios.TCSANOW, self._before)
            if not clean:
                os.write(sys.stderr.fileno(), _AS_BEFORE.encode())
