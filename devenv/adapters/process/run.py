"""Run a program to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from devenv.adapters.process.child import Child
from devenv.adapters.process.program import Completed


def run(
    argv: Sequence[str],
    *,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 60.0,
    cancel: threading.Event | None = None,
    on_line: Callable[[str], None] | None = None,
    check: bool = True,
    what: str = "",
) -> Completed:
    """Run a program to its end and collect what it prints.

    Args:
        argv: the program and its arguments.
        stdin: what it can read; nothing when None.
        env: variables laid over those of this process that are not meant for others (`process.variables`).
        cwd: the folder it runs in.
        timeout: seconds until it is stopped.
        cancel: when set, the program and all that it started are stopped.
        on_line: called in this thread with each line of both outputs as it comes.
        check: whether a non-zero status is an error.
        what: what is being done, imperative, for messages: `create cluster x`.

    Raises:
        CommandFailedError: it ended with a non-zero status.
        CommandTimeoutError: it took longer than `timeout`.
        ToolMissingError: there is no such program.
        InterruptedRunError: `cancel` was set.
    """
    child = Child(argv, env=env, cwd=cwd, on_line=on_line, what=what, feed=bool(stdin), cancel=cancel)
    try:
        end = child.pump(stdin or b"", timeout)
    finally:
        child.close_stdin()
    return child.outcome(end, timeout=timeout, check=check)
