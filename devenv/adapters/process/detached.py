"""Programs that are meant to outlive devenv: daemons, and work that nobody waits for."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from devenv.adapters.process.program import environment, locate


class Detached:
    """A daemon that this process started."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    def status(self) -> int | None:
        """The status that it ended with; None while it runs."""
        return self._process.poll()

    def await_end(self, seconds: float) -> bool:
        """Whether it has ended, within so many seconds."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def interrupt(self) -> None:
        """Ask it to end as Ctrl-C does, and only it: what it has started is asked by it, if at all."""
        self._process.send_signal(signal.SIGINT)

    def stop(self) -> None:
        """End it after all, with SIGTERM."""
        self._process.terminate()


def start_detached(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    descriptors: Sequence[int] = (),
) -> Detached:
    """Start a daemon in a session of its own, both outputs appended to `log`; raises ToolMissingError.

    `stdin` is all that it is told; it has to be small. It inherits the `descriptors`, under their numbers.
    """
    whole = environment(env)
    program = locate(argv[0], whole)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(program), *argv[1:]],
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=whole,
            cwd="/",
            start_new_session=True,
            pass_fds=tuple(descriptors),
        )
    if process.stdin:
        with contextlib.suppress(BrokenPipeError), process.stdin:  # its end says why it did not listen
            process.stdin.write(stdin)
    return Detached(process)


def start_module(
    module: str, *arguments: str, log: Path, stdin: bytes = b"", descriptors: Sequence[int] = ()
) -> Detached:
    """Start one of devenv's own modules as a program and go on; `log` keeps the words of its last run."""
    log.unlink(missing_ok=True)
    return start_detached([sys.executable, "-m", module, *arguments], log=log, stdin=stdin, descriptors=descriptors)
