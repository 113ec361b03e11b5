"""A program that is fed by its caller while its output is collected, as for images that stream into nodes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from devenv.adapters.process.child import Child, End
from devenv.adapters.process.program import Completed


class PipedProcess:
    """A program with a writable `stdin`, as a context manager.

    Leaving the context without `finish` stops the program. When a write fails because the program has ended
    or was stopped, the program's own failure is raised on leaving instead of the BrokenPipeError.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 3600.0,
        cancel: threading.Event | None = None,
        on_line: Callable[[str], None] | None = None,
        on_end: Callable[[], None] | None = None,
        what: str = "",
    ) -> None:
        """`on_end` is called in another thread when the program has ended, whoever waits for what."""
        self._child = Child(argv, env=env, cwd=cwd, on_line=on_line, what=what, feed=True, cancel=cancel)
        if self._child.stdin is None:
            raise AssertionError("a pipe was asked for")
        self.stdin: IO[bytes] = self._child.stdin
        self._timeout = timeout
        self._on_end = on_end
        self._aborted = threading.Event()
        self._finished = False
        self._end: End = "cancelled"
        self._failure: BaseException | None = None
        self._pump = threading.Thread(target=self._collect, name=f"output of {argv[0]}")
        self._pump.start()

    def _collect(self) -> None:
        try:
            self._end = self._child.pump(b"", self._timeout, self._aborted)
        except BaseException as error:  # noqa: BLE001 (a line's receiver failed; finish raises it where it is seen)
            self._failure = error
        if self._on_end:
            self._on_end()

    def finish(self) -> Completed:
        """Close the program's input and wait for its end; raises what `run` raises."""
        self._finished = True
        self._child.close_stdin()
        self._pump.join()
        if self._failure:
            raise self._failure
        return self._child.outcome(self._end, timeout=self._timeout, check=True)

    def abort(self) -> None:
        """Stop the program and all that it started."""
        self._finished = True
        self._aborted.set()
        self._pump.join()
        self._child.close_stdin()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._finished:
            return
        if isinstance(error, BrokenPipeError):
            self.finish()
        self.abort()
