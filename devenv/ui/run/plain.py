"""Plain lines for everything that is not a terminal: one line when a step ends, few in between, no colour.

Responsible for what a CI log shows. Its lines are for people; programs read JSON lines.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from devenv.events import (
    DebuggerStarted,
    Event,
    InterceptStarted,
    Logged,
    Noted,
    PlanMade,
    RoundFinished,
    RunFinished,
    StepOutput,
    StepProgressed,
    StepStarted,
    Synced,
)
from devenv.ui.run.progress import RunProgress, StepProgress, StepState
from devenv.ui.run.summary import summary
from devenv.ui.wording import clean, count, duration, one_line, outcome_line

_QUIET_SECONDS = 10.0
"""A step reports its progress at most this often."""
_WORDS = {
    StepState.SUCCEEDED: "ok",
    StepState.FAILED: "FAILED",
    StepState.STOPPED: "stopped",
    StepState.SKIPPED: "skipped",
}


class PlainLines:
    """Writes a line per event that matters; `verbose` adds each line that a foreign program prints."""

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        verbose: bool = False,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream or sys.stderr
        self._verbose = verbose
        self._folder = folder
        self._clock = clock
        self._began = clock()
        self._progress = RunProgress()
        self._reported: dict[str, float] = {}

    def handle(self, event: Event) -> None:
        step = self._progress.apply(event)
        match event:
            case PlanMade():
                self._plan(event)
            case StepStarted():
                # Events count from the start of the run, which is later than the start of this sink.
                self._began = self._clock() - event.at
            case StepProgressed():
                self._advance(event)
            case StepOutput() if self._verbose:
                self._write(f"{event.key} | {clean(event.line)}")
            case Noted():
                level = "" if event.level == "info" else f"{event.level}: "
                hint = f" (hint: {event.hint})" if event.hint else ""
                self._write(one_line(f"{level}{event.message}{hint}"))
            case Logged():
                # Rich takes 20 ms to load, and only `devenv dev` has such events.
                from devenv.ui.logs_view import line_of  # noqa: PLC0415

                self._write(line_of(event).plain)
            case RoundFinished() | Synced() | DebuggerStarted() | InterceptStarted():
                self._write(outcome_line(event))
            case RunFinished():
                self._write(summary(self._progress, event, folder=self._folder))
            case _ if step is not None and step.state in _WORDS:
                self._end(step)

    def close(self) -> None:
        """Nothing is held back."""

    def _plan(self, plan: PlanMade) -> None:
        unchanged = f", {len(plan.unchanged)} unchanged" if plan.unchanged else ""
        self._write(f"plan for {plan.project}: {count(len(plan.steps), 'step')}{unchanged}")

    def _advance(self, event: StepProgressed) -> None:
        now = self._clock()
        step = self._progress.steps[event.key]
        # Its start counts as reported: a step that ends soon needs no line in between.
        last = self._reported.get(event.key, self._began + step.started)
        if now - last >= _QUIET_SECONDS:
            self._reported[event.key] = now
            self._line("...", f"{step.title}: {step.message}")

    def _end(self, step: StepProgress) -> None:
        took = "" if step.state is StepState.SKIPPED else f" ({duration(step.seconds)})"
        message = f": {step.message}" if step.message else ""
        self._line(_WORDS[step.state], f"{step.title}{took}{message}")

    def _line(self, word: str, text: str) -> None:
        since = f"[{duration(self._clock() - self._began)}]"
        self._write(f"{since:>9} {word:<7} {text}")

    def _write(self, text: str) -> None:
        self._stream.write(f"{text}\n")
        self._stream.flush()
