"""What the user types while a command goes on, by the line: it stays the terminal's to echo and to edit."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_MOST = 4096


@contextmanager
def typed_lines(take: Callable[[str], None]) -> Iterator[None]:
    """While the body runs, `take` is called in another thread with each line; never, where there is no terminal."""
    if not sys.stdin.isatty():
        yield
        return
    # In the background a read is refused then; it would stop the whole command otherwise.
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    terminal = sys.stdin.fileno()
    woken, wake = os.pipe()

    def read() -> None:
        while woken not in select.select([terminal, woken], [], [])[0]:
            try:
                data = os.read(terminal, _MOST)
            except OSError:
                return
            if not data:
                return
            for line in data.decode(errors="replace").splitlines():
                take(line.strip())

    thread = threading.Thread(target=read, name="typed", daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.write(wake, b"\0")
        thread.join()
        os.close(woken)
        os.close(wake)
