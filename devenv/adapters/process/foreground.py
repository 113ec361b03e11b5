"""A program in this process's place: on its terminal, with its standard input and outputs, until it ends."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Mapping, Sequence
from types import FrameType

from devenv.adapters.process.program import locate

_PASSED_ON = (signal.SIGTERM, signal.SIGHUP)
_BY_SIGNAL = 128
"""What shells add to the number of the signal that ended a program."""


def run_in_foreground(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """The exit status of a program with exactly these variables, as a shell would tell it.

    Ctrl-C reaches both, and what asks this process to end is passed on: the program ends as it likes to, and is
    awaited. For the main thread.

    Raises:
        ToolMissingError: there is no such program.
    """
    program = locate(argv[0], env)
    process = subprocess.Popen([str(program), *argv[1:]], env=dict(env))

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in _PASSED_ON}
    try:
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                status = process.wait()
                return status if status >= 0 else _BY_SIGNAL - status
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
