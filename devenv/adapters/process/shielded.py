"""Programs that must not be torn in the middle, such as a package manager's: asked to stop, never made to.

They outlive devenv, since their output goes to a file, and nothing kills them when it dies.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from devenv.adapters.process.detached import Detached, start_detached
from devenv.adapters.process.output import Output
from devenv.errors import CommandFailedError, InterruptedRunError

_TICK = 0.2
"""Seconds between two looks at the file and at the cancel event."""
_CHUNK = 65536
_LAST_LINES = 20


def run_shielded(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cancel: threading.Event | None = None,
    on_line: Callable[[str], None] | None = None,
    what: str,
) -> None:
    """Run a program to the end that it comes to; `log` keeps what it prints.

    When `cancel` is set, or the user presses Ctrl-C, it is sent SIGINT, alone and once, and its end is awaited. A
    second Ctrl-C leaves it to itself.

    Raises:
        CommandFailedError: it ended with a non-zero status.
        ToolMissingError: there is no such program.
        InterruptedRunError: it was asked to stop.
    """
    last: deque[str] = deque(maxlen=_LAST_LINES)

    def keep(line: str) -> None:
        last.append(line)
        if on_line:
            on_line(line)

    before = log.stat().st_size if log.exists() else 0
    process = start_detached(argv, log=log, env=env)
    with log.open("rb") as printed:
        printed.seek(before)
        output = Output(keep)
        try:
            asked = _follow(process, printed, output, cancel or threading.Event())
        except KeyboardInterrupt:
            process.interrupt()
            _follow(process, printed, output, threading.Event())
            raise
    if asked:
        raise InterruptedRunError(f"stopped: {what}", context={"log": str(log)})
    if status := process.status():
        raise CommandFailedError(
            f"{what} failed: {Path(argv[0]).name} ended with status {status}",
            argv=argv,
            status=status,
            output="\n".join(last),
        )


def _follow(process: Detached, printed: BinaryIO, output: Output, cancel: threading.Event) -> bool:
    """Take what the program prints until it ends; whether it was asked to stop."""
    asked = False
    ended = False
    while not ended:
        ended = process.await_end(_TICK)
        while data := printed.read(_CHUNK):
            output.feed(data)
        if cancel.is_set() and not (asked or ended):
            process.interrupt()
            asked = True
    output.finish()
    return asked
