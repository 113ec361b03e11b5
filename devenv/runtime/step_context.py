"""What the work of a step is given."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from devenv.events import Emit, StepOutput, StepProgressed
from devenv.runtime.environment import Environment
from devenv.runtime.run_state import RunState


@dataclass(frozen=True)
class StepContext:
    """The environment, what the run has learned, and ways to tell and to be stopped."""

    environment: Environment
    run: RunState
    key: str
    emit: Emit
    cancel: threading.Event

    def progress(self, message: str) -> None:
        """Tell how far the step is."""
        self.emit(StepProgressed(self.key, message))

    def output(self, line: str) -> None:
        """Pass on a line that a program printed."""
        self.emit(StepOutput(self.key, line))
