"""A timeline of the run in the Chrome trace format, for chrome://tracing and https://ui.perfetto.dev.

Responsible for the file that `--trace FILE` names. Steps that ran at the same time lie on different lanes,
and a lane is used again once it is free, so that the number of lanes is what ran at once.

The format (complete events "X", metadata "M", times in microseconds):
https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from devenv.errors import UsageError
from devenv.events import Event, PlanMade, StepFailed, StepStarted, StepSucceeded
from devenv.ui.run.progress import RunProgress, StepProgress, StepState

_PROCESS = 1
_MICROSECONDS = 1_000_000


class TraceFile:
    """Collects the steps and writes the file when it is closed, also when the run was stopped."""

    def __init__(self, path: Path) -> None:
        try:
            self._stream = path.open("w", encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"the trace file {path} cannot be written",
                context={"cause": error.strerror or str(error)},
                hint="give --trace a file in a folder that exists",
            ) from error
        self._progress = RunProgress()
        self._lanes: list[str | None] = []
        """Who occupies each lane now."""
        self._lane_of: dict[str, int] = {}
        self._needs: dict[str, tuple[str, ...]] = {}
        self._latest = 0.0

    def handle(self, event: Event) -> None:
        """Remember what the timeline shows."""
        self._progress.apply(event)
        match event:
            case PlanMade():
                self._needs = {step.key: step.needs for step in event.steps}
            case StepStarted():
                self._occupy(event.key)
                self._latest = max(self._latest, event.at)
            case StepSucceeded() | StepFailed():
                self._lanes[self._lane_of[event.key]] = None
                self._latest = max(self._latest, event.at)

    def close(self) -> None:
        """Write the file."""
        with self._stream:
            json.dump({"traceEvents": [*self._names(), *self._spans()], "displayTimeUnit": "ms"}, self._stream)

    def _occupy(self, key: str) -> None:
        if None not in self._lanes:
            self._lanes.append(None)
        lane = self._lanes.index(None)
        self._lanes[lane] = key
        self._lane_of[key] = lane

    def _names(self) -> list[dict[str, Any]]:
        project = self._progress.plan.project if self._progress.plan else "devenv"
        named = [("process_name", 0, f"devenv {project}")]
        named += [("thread_name", lane + 1, f"lane {lane + 1}") for lane in range(len(self._lanes))]
        return [
            {"name": name, "ph": "M", "pid": _PROCESS, "tid": track, "args": {"name": text}}
            for name, track, text in named
        ]

    def _spans(self) -> list[dict[str, Any]]:
        chain = frozenset(self._progress.finished.chain if self._progress.finished else ())
        began = (self._progress.steps[key] for key in self._lane_of)
        return [self._span(step, longest=step.key in chain) for step in began]

    def _span(self, step: StepProgress, *, longest: bool) -> dict[str, Any]:
        running = step.state is StepState.RUNNING
        seconds = self._latest - step.started if running else step.seconds
        return {
            "name": step.title,
            "cat": step.group,
            "ph": "X",
            "pid": _PROCESS,
            "tid": self._lane_of[step.key] + 1,
            "ts": round(step.started * _MICROSECONDS),
            "dur": round(seconds * _MICROSECONDS),
            "args": {
                "key": step.key,
                "needs": list(self._needs.get(step.key, ())),
                "state": step.state.value,
                "detail": step.message,
                "on the longest chain": longest,
            },
        }
