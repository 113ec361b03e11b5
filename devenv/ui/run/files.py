"""What a run leaves in files: its log, and what failed.

Responsible for both when the project's folder is known only after the run has begun: what comes before is kept.
"""

from __future__ import annotations

import threading
from pathlib import Path

from devenv.events import Event
from devenv.ui.run.failure_record import FailureRecord
from devenv.ui.run.logfile import LogFile


class RunFiles:
    """A sink that writes both files as soon as it knows where."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._before: list[Event] = []
        self._files: tuple[LogFile, FailureRecord] | None = None
        self._lock = threading.Lock()

    def open(self, folder: Path) -> Path:
        """Begin the files in a folder, unless they are begun; returns the path of the log."""
        with self._lock:
            if self._files:
                return self._files[0].path
            log = LogFile(folder, self._command.replace(" ", "-"))
            self._files = (log, FailureRecord(log.path, self._command))
            for event in self._before:
                self._write(event)
            self._before.clear()
            return log.path

    def handle(self, event: Event) -> None:
        """Write the event, or keep it."""
        with self._lock:
            if self._files:
                self._write(event)
            else:
                self._before.append(event)

    def close(self) -> None:
        """Close the files, if any were begun."""
        for file in self._files or ():
            file.close()

    def _write(self, event: Event) -> None:
        for file in self._files or ():
            file.handle(event)
