"""Lines that other processes of this user send to one that waits for them: a named pipe in a folder of its own.

The kernel tells whether somebody reads: what a process has left that was killed is found by that, and removed.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_SUFFIX = ".pipe"
_END = b"\0"
_MOST = 4096


@contextmanager
def receiving(folder: Path, take: Callable[[str], None]) -> Iterator[None]:
    """While the body runs, `take` is called in another thread with each line that is sent to the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pipe = folder / f"{os.getpid()}{_SUFFIX}"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe, 0o600)
    # Open for both: so it does not end with its first sender.
    descriptor = os.open(pipe, os.O_RDWR)

    def read() -> None:
        while _END not in (data := os.read(descriptor, _MOST)):
            for line in data.decode(errors="replace").splitlines():
                take(line)

    thread = threading.Thread(target=read, name="mailbox", daemon=True)
    thread.start()
    try:
        yield
    finally:
        pipe.unlink(missing_ok=True)
        os.write(descriptor, _END)
        thread.join()
        os.close(descriptor)


def send(folder: Path, line: str) -> int:
    """Send a line to all that receive in a folder; how many there are."""
    receivers = 0
    for pipe in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nobody reads it: its process was killed
                with suppress(FileNotFoundError):
                    pipe.unlink()
            continue
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)
        receivers += 1
    return receivers
