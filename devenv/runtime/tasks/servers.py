"""What tasks serve while `devenv dev` runs: programs of this machine, each started anew in place of its former self."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from devenv.adapters import process
from devenv.errors import CommandFailedError, CommandTimeoutError, InterruptedRunError, TaskError
from devenv.spec.tasks.host_command import argv_of
from devenv.spec.tasks.task import ServeReady, Task

_PAUSE = 0.2
"""Seconds between two questions whether a program is ready, which tells nobody."""
_PATIENCE = 5.0
"""For one answer."""
_OK, _BAD = 200, 400

OnLine = Callable[[str, str], None]
"""Told a task and a line that it wrote."""
OnEnd = Callable[[str, CommandFailedError], None]
"""Told a task whose program has ended by itself, once it had been ready."""


class Servers:
    """The programs that run, as a context manager that stops them all."""

    def __init__(self) -> None:
        self._running: dict[str, process.ServingProcess] = {}
        self._lock = threading.Lock()
        self.on_line: OnLine = lambda _task, _line: None
        self.on_end: OnEnd = lambda _task, _error: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            running, self._running = [*self._running.values()], {}
        threads = [threading.Thread(target=server.stop) for server in running]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def start(self, name: str, task: Task, *, folder: Path, env: Mapping[str, str], cancel: threading.Event) -> None:
        """Start what a task serves, once its former program is gone, and wait until it is ready.

        Raises:
            TaskError: it ended, or was not ready in time.
            ToolMissingError: there is no such program.
            InterruptedRunError: `cancel` was set.
        """
        with self._lock:
            former = self._running.pop(name, None)
        if former:
            former.stop()
        ends: list[CommandFailedError] = []
        ready = threading.Event()

        def ended(error: CommandFailedError) -> None:
            ends.append(error)
            if ready.is_set():
                self.on_end(name, error)

        server = process.ServingProcess(
            argv_of(task.serve),
            env={**env, **task.env},
            cwd=folder,
            on_line=lambda line: self.on_line(name, line),
            on_end=ended,
            what=f"serve {name}",
        )
        with self._lock:
            self._running[name] = server
        if task.ready and not _await(task.ready, server, folder=folder, env={**env, **task.env}, cancel=cancel):
            server.stop()
            raise TaskError(
                f"{name} was not ready within {task.ready.starts_within.total_seconds():g} s",
                context={"asked": _asked(task.ready)},
                hint=f"make ready.starts_within of the task longer, or see what {name} wrote",
            )
        ready.set()
        if ends:
            raise TaskError(f"{name} ended before it was ready", context=ends[0].context)


def _asked(ready: ServeReady) -> str:
    if ready.tcp:
        return f"port {ready.tcp}"
    return ready.http or " ".join(argv_of(ready.exec))


def _await(
    ready: ServeReady,
    server: process.ServingProcess,
    *,
    folder: Path,
    env: Mapping[str, str],
    cancel: threading.Event,
) -> bool:
    """Whether it was ready in time, or has ended before."""
    until = time.monotonic() + ready.starts_within.total_seconds()
    while not server.ended.is_set():
        if cancel.is_set():
            raise InterruptedRunError("stopped before a server was ready")
        if _is_ready(ready, folder, env, cancel):
            return True
        if time.monotonic() > until:
            return False
        server.ended.wait(_PAUSE)
    return True


def _is_ready(ready: ServeReady, folder: Path, env: Mapping[str, str], cancel: threading.Event) -> bool:
    if ready.http:
        return _answers(ready.http)
    if ready.tcp:
        with suppress(OSError), socket.create_connection(("localhost", ready.tcp), _PATIENCE):
            return True
        return False
    with suppress(CommandTimeoutError):
        asked = process.run(
            argv_of(ready.exec), cwd=folder, env=env, timeout=_PATIENCE, cancel=cancel, check=False, what="ask a server"
        )
        return asked.status == 0
    return False


def _answers(url: str) -> bool:
    """Whether an address of this machine answers well, whatever proxies there are."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "localhost", parts.port, timeout=_PATIENCE)
    try:
        connection.request("GET", parts._replace(scheme="", netloc="").geturl() or "/")
        return _OK <= connection.getresponse().status < _BAD
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
