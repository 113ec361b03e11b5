"""A `devenv dev` that runs, as a test watches it."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from support.environment import Project


class Dev:
    """A `devenv dev` that runs, and its events as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.seen: list[dict[str, Any]] = []
        self._events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._events.put(json.loads(line))
        self._events.put(None)

    def until(self, kind: str, *, containing: str = "", seconds: float = 120) -> dict[str, Any]:
        """The next event of a type."""
        end = time.monotonic() + seconds
        while True:
            event = self._events.get(timeout=max(0.0, end - time.monotonic()))
            assert event is not None, f"devenv dev ended: {self.process.wait()}"
            self.seen.append(event)
            if event["type"] == kind and containing in json.dumps(event):
                return event


@contextmanager
def dev(project: Project, *arguments: str) -> Iterator[Dev]:
    """A `devenv dev` from when it watches to Ctrl-C, after which it ends well."""
    process = project.start("dev", *arguments, "--yes", "--json")
    try:
        running = Dev(process)
        running.until("noted", containing="watching", seconds=300)
        yield running
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
