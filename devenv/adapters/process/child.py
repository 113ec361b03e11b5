"""One running program with its pipes: start it, collect its output until it ends, stop its whole group.

Responsible for the mechanics; `run` and `piped` decide when, and turn the end into a result or an error.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from devenv.adapters.process.output import KEPT_BYTES, Output
from devenv.adapters.process.program import Completed, environment, locate
from devenv.adapters.process.reaper import REAPER
from devenv.errors import CommandFailedError, CommandTimeoutError, InterruptedRunError, ToolMissingError

_TICK = 0.2
"""Seconds between two looks at the cancel event: a selector cannot wait for a threading.Event."""
_GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL: kind and Helm clean up behind themselves in this time."""
_LEFTOVER = 0.5
"""Seconds that output is still awaited after a program's end, when something it left holds the pipe."""
_LAST_LINES = 20
_LAST_CHARACTERS = 4096
"""Of each of them."""
_CHUNK = 65536
_PIPE_BYTES = 1 << 20
"""Of a fed program's input, as large as Linux allows without privileges: fewer turns for what is streamed."""

End = Literal["ended", "timeout", "cancelled", "overflowed"]


class Child:
    """A started program. One thread pumps it; another may write to its stdin."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        on_line: Callable[[str], None] | None = None,
        what: str = "",
        feed: bool = False,
        cancel: threading.Event | None = None,
        keeps: bool = True,
    ) -> None:
        """Without `keeps`, nothing is left of what it prints but its last lines."""
        self.argv = tuple(argv)
        self.what = what or f"run {Path(argv[0]).name}"
        self._cancel = cancel or threading.Event()
        if self._cancel.is_set():
            raise InterruptedRunError(f"stopped before it began: {self.what}")
        self._on_line = on_line
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._started = time.monotonic()
        self._process = _start(argv, environment(env), cwd, feed=feed)
        REAPER.watch(self._process.pid)
        self.stdin = self._process.stdin
        self._outputs = {
            pipe: Output(self._take_line, keeps=keeps) for pipe in (self._process.stdout, self._process.stderr) if pipe
        }

    def pump(self, stdin: bytes, timeout: float, aborted: threading.Event | None = None) -> End:
        """Feed and collect until the program ends, or has been stopped for the reason that is returned.

        It is stopped too when a line's receiver raises; that error goes on.
        """
        deadline = self._started + timeout
        stops = [event for event in (self._cancel, aborted) if event]
        with selectors.DefaultSelector() as selector:
            try:
                self._exchange(selector, stdin, lambda: self._reason(stops, deadline))
                end = self._await_end(lambda: self._reason(stops, deadline))
            except BaseException:
                self._stop(selector)
                raise
            if end != "ended":
                self._stop(selector)
        return end

    def completed(self) -> Completed:
        """What the program left; only after `pump`."""
        stdout, stderr = (output.text() for output in self._outputs.values())
        seconds = time.monotonic() - self._started
        return Completed(self.argv, self._process.returncode, stdout, stderr, seconds)

    def outcome(self, end: End, *, timeout: float, check: bool) -> Completed:
        """The result, or the error that `end` and the status stand for."""
        done = self.completed()
        last = "\n".join(self._last)
        if end == "cancelled":
            raise InterruptedRunError(f"stopped: {self.what}", context={"command": " ".join(self.argv)})
        if end == "timeout":
            raise CommandTimeoutError(
                f"{self.what} took longer than {timeout:g} s and was stopped",
                argv=self.argv,
                status=done.status,
                output=last,
            )
        if end == "overflowed":
            raise CommandFailedError(
                f"{self.what} printed more than {KEPT_BYTES >> 20} MiB and was stopped",
                argv=self.argv,
                status=done.status,
                output=last,
            )
        if check and done.status != 0:
            raise CommandFailedError(
                f"{self.what} failed: {Path(self.argv[0]).name} {_ending(done.status)}",
                argv=self.argv,
                status=done.status,
                output=last,
            )
        return done

    def ending(self) -> CommandFailedError:
        """The end of a program that was not to end, whatever its status."""
        return CommandFailedError(
            f"{self.what}: {Path(self.argv[0]).name} {_ending(self._process.returncode)}",
            argv=self.argv,
            status=self._process.returncode,
            output="\n".join(self._last),
        )

    def _exchange(self, selector: selectors.BaseSelector, stdin: bytes, reason: Callable[[], End]) -> None:
        """Move bytes both ways until the outputs end, the program ends, or there is a reason to stop."""
        for pipe, output in self._outputs.items():
            selector.register(pipe, selectors.EVENT_READ, output)
        if stdin and self.stdin:
            os.set_blocking(self.stdin.fileno(), False)
            selector.register(self.stdin, selectors.EVENT_WRITE, memoryview(stdin))
        while selector.get_map() and reason() == "ended":
            self._turn(selector, _TICK)
            if self._process.poll() is not None:
                while reason() == "ended" and self._turn(selector, _LEFTOVER):
                    continue
                break

    def _turn(self, selector: selectors.BaseSelector, wait: float) -> bool:
        """Serve the pipes that are ready within `wait` seconds; whether there were any."""
        ready = selector.select(wait) if selector.get_map() else []
        for key, _ in ready:
            if isinstance(key.data, Output):
                data = os.read(key.fd, _CHUNK)
                key.data.feed(data)
                if not data:
                    key.data.finish()
                    selector.unregister(key.fileobj)
            else:
                self._write(selector, key)
        return bool(ready)

    def _write(self, selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
        """Write what the program's stdin takes now; close it after the last byte."""
        pending: memoryview = key.data
        try:
            pending = pending[os.write(key.fd, pending[:_CHUNK]) :]
        except BrokenPipeError:
            pending = pending[:0]  # it does not want the rest; its status says whether that is a failure
        if pending:
            selector.modify(key.fileobj, selectors.EVENT_WRITE, pending)
        else:
            selector.unregister(key.fileobj)
            self.close_stdin()

    def _await_end(self, reason: Callable[[], End]) -> End:
        """Wait for the end of a program, which may have closed its outputs long before."""
        while (end := reason()) == "ended":
            try:
                self._process.wait(_TICK)
            except subprocess.TimeoutExpired:
                continue
            self._close()
            break
        return end

    def _stop(self, selector: selectors.BaseSelector) -> None:
        """SIGTERM to the whole group, after the grace SIGKILL to what is left; last words are still heard."""
        deadline = time.monotonic() + _GRACE
        self._signal(signal.SIGTERM)
        self._on_line = None
        for key in list(selector.get_map().values()):
            if not isinstance(key.data, Output):
                selector.unregister(key.fileobj)
        while selector.get_map() and (left := deadline - time.monotonic()) > 0:
            self._turn(selector, left)
        with contextlib.suppress(subprocess.TimeoutExpired):  # it ignores SIGTERM: killed on the next line but one
            self._process.wait(max(0.0, deadline - time.monotonic()))
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._close()

    def end_group(self) -> None:
        """End what a program has left that ended by itself; only after `pump`."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):  # nobody is left in the group: what the signal is for
            os.killpg(self._process.pid, number)

    def _close(self) -> None:
        """Let go of the pipes and of the reaper's promise."""
        REAPER.forget(self._process.pid)
        for pipe, output in self._outputs.items():
            output.finish()
            pipe.close()

    def close_stdin(self) -> None:
        """Let the program read the end of its input; for the thread that writes, which may be in a write."""
        if self.stdin and not self.stdin.closed:
            with contextlib.suppress(BrokenPipeError):  # bytes it did not want: its status says if that is bad
                self.stdin.close()

    def _reason(self, stops: Sequence[threading.Event], deadline: float) -> End:
        """Why the program has to be stopped now; `ended` when there is no reason."""
        if any(event.is_set() for event in stops):
            return "cancelled"
        if any(output.overflowed for output in self._outputs.values()):
            return "overflowed"
        return "timeout" if time.monotonic() > deadline else "ended"

    def _take_line(self, line: str) -> None:
        if line.strip():
            self._last.append(line[:_LAST_CHARACTERS])
        if self._on_line:
            self._on_line(line)


def _ending(status: int) -> str:
    if status >= 0:
        return f"ended with status {status}"
    return f"was ended by {signal.Signals(-status).name}"


def _start(argv: Sequence[str], env: Mapping[str, str], cwd: Path | None, *, feed: bool) -> subprocess.Popen[bytes]:
    program = locate(argv[0], env)
    try:
        process = subprocess.Popen(
            [str(program), *argv[1:]],
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=cwd,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolMissingError(
            f"{program} cannot be started", context={"cause": str(error), "folder": str(cwd or Path.cwd())}
        ) from error
    if process.stdin:
        _widen(process.stdin.fileno())
    return process


def _widen(pipe: int) -> None:
    """Make a pipe larger where that is allowed: a user without privileges has 64 MiB for all pipes (pipe(7))."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # it stays as it is: slower, and as good
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
