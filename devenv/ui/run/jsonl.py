"""Events as JSON lines on standard output: the form that programs read.

Responsible for one line per event, written at once. The format is `devenv.ui.run.wire`'s (`docs/events.md`).
"""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

from devenv import __version__
from devenv.events import Event, StepOutput
from devenv.ui.run.wire import VERSION, as_wire


class JsonLines:
    """Writes each event as one line; the output of foreign programs only when `verbose`."""

    def __init__(self, stream: TextIO | None = None, *, verbose: bool = False) -> None:
        self._stream = stream or sys.stdout
        self._verbose = verbose
        self._write({"type": "stream-started", "version": VERSION, "devenv": __version__})

    def handle(self, event: Event) -> None:
        if self._verbose or not isinstance(event, StepOutput):
            self._write(as_wire(event))

    def close(self) -> None:
        """Nothing is held back."""

    def _write(self, data: dict[str, Any]) -> None:
        # ASCII only: a line stays one line for every reader, whatever it takes for a line break.
        self._stream.write(json.dumps(data, separators=(",", ":")) + "\n")
        self._stream.flush()
