"""A timeline of the run in the Chrome trace format, for chrome://tracing and https://ui.perfetto.dev.

Responsible for the file that `--trace FILE` names. Steps that ran at the same time lie on different lanes, and a lane
is used again once it is free, so that the number of lanes is what ran at once. Below a step lies what it reported to
wait for. Two counters show how many steps ran and how busy the machine was: where steps run and the processors are
idle, something is waited for that is no work.

The format (complete events "X", counters "C", metadata "M", times in microseconds):
https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devenv.adapters.host.processors import Interval, ProcessorLoad, idle_seconds
from devenv.errors import UsageError
from devenv.events import Event, PlanMade, RunFinished, StepFailed, StepProgressed, StepStarted, StepSucceeded
from devenv.ui.run.progress import RunProgress, StepProgress, StepState

_PROCESS = 1
_MICROSECONDS = 1_000_000


@dataclass(slots=True)
class _Message:
    """What a step reported of itself, and from when on."""

    key: str
    at: float
    message: str


@dataclass(slots=True)
class _Run:
    """The steps of one plan: a command that starts a stopped cluster makes another one after it."""

    progress: RunProgress = field(default_factory=RunProgress)
    needs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    lane_of: dict[str, int] = field(default_factory=dict)
    reported: list[_Message] = field(default_factory=list)
    latest: float = 0.0
    began: float | None = None
    """On the clock; known from the first step on."""


class TraceFile:
    """Collects the steps and writes the file when it is closed, also when the run was stopped."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        try:
            self._stream = path.open("w", encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"the trace file {path} cannot be written",
                context={"cause": error.strerror or str(error)},
                hint="give --trace a file in a folder that exists",
            ) from error
        self._clock = clock
        self._runs = [_Run()]
        self._lanes: list[str | None] = []
        """Who occupies each lane now."""
        self._load = ProcessorLoad()
        self._load.start()

    def handle(self, event: Event) -> None:
        """Remember what the timeline shows."""
        if isinstance(event, PlanMade):
            self._runs.append(_Run(needs={step.key: step.needs for step in event.steps}))
        run = self._runs[-1]
        run.progress.apply(event)
        match event:
            case StepStarted():
                if run.began is None:
                    run.began = self._clock() - event.at
                run.lane_of[event.key] = self._occupy(event.key)
                run.latest = max(run.latest, event.at)
            case StepProgressed() if run.began is not None:
                run.reported.append(
                    _Message(event.key, self._clock() - run.began, run.progress.steps[event.key].message)
                )
            case StepSucceeded() | StepFailed():
                self._lanes[run.lane_of[event.key]] = None
                run.latest = max(run.latest, event.at)
            case RunFinished():
                run.latest = max(run.latest, event.seconds)

    def close(self) -> None:
        """Write the file."""
        load = self._load.stop()
        runs = [run for run in self._runs if run.began is not None]
        events = [*self._names(), *(event for run in runs for event in _events(run, runs[0].began or 0.0, load))]
        with self._stream:
            json.dump({"traceEvents": events, "displayTimeUnit": "ms"}, self._stream)

    def _occupy(self, key: str) -> int:
        if None not in self._lanes:
            self._lanes.append(None)
        lane = self._lanes.index(None)
        self._lanes[lane] = key
        return lane

    def _names(self) -> Iterator[dict[str, Any]]:
        plan = self._runs[-1].progress.plan
        named = [("process_name", 0, f"devenv {plan.project if plan else 'devenv'}")]
        named += [("thread_name", lane + 1, f"lane {lane + 1}") for lane in range(len(self._lanes))]
        for name, track, text in named:
            yield {"name": name, "ph": "M", "pid": _PROCESS, "tid": track, "args": {"name": text}}


def _events(run: _Run, zero: float, load: list[Interval]) -> Iterator[dict[str, Any]]:
    began = run.began or 0.0
    offset = began - zero
    chain = frozenset(run.progress.finished.chain if run.progress.finished else ())
    steps = {key: run.progress.steps[key] for key in run.lane_of}
    ends = {key: _end(step, run) for key, step in steps.items()}
    for key, step in steps.items():
        idle = idle_seconds(load, began + step.started, began + ends[key])
        args = {
            "key": key,
            "needs": list(run.needs.get(key, ())),
            "state": step.state.value,
            "detail": step.message,
            "on the longest chain": key in chain,
            "seconds in which the processors were idle": round(idle, 2),
        }
        yield _span(step.title, step.group, run.lane_of[key], (offset + step.started, offset + ends[key]), args)
    for number, reported in enumerate(run.reported):
        if reported.key in ends:
            later = (other.at for other in run.reported[number + 1 :] if other.key == reported.key)
            until = min(next(later, ends[reported.key]), ends[reported.key])
            times = offset + min(reported.at, until), offset + until
            yield _span(reported.message, "waits", run.lane_of[reported.key], times, {})
    yield from _running(steps, ends, offset)
    for interval in load:
        if interval.end > began and interval.begin <= began + run.latest:
            shares = {"busy": round(100 - 100 * interval.idle), "idle": round(100 * interval.idle)}
            yield _counter("processors, %", max(interval.begin, began) - zero, shares)


def _end(step: StepProgress, run: _Run) -> float:
    return run.latest if step.state is StepState.RUNNING else step.started + step.seconds


def _running(steps: dict[str, StepProgress], ends: dict[str, float], offset: float) -> Iterator[dict[str, Any]]:
    """How many steps run, whenever that changes."""
    changes = sorted([(step.started, 1) for step in steps.values()] + [(end, -1) for end in ends.values()])
    count = 0
    for at, change in changes:
        count += change
        yield _counter("steps", offset + at, {"running": count})


def _span(name: str, category: str, lane: int, times: tuple[float, float], args: dict[str, Any]) -> dict[str, Any]:
    begin, end = (round(seconds * _MICROSECONDS) for seconds in times)
    track = {"name": name, "cat": category, "ph": "X", "pid": _PROCESS, "tid": lane + 1}
    return {**track, "ts": begin, "dur": end - begin, "args": args}


def _counter(name: str, at: float, values: dict[str, int]) -> dict[str, Any]:
    return {"name": name, "ph": "C", "pid": _PROCESS, "tid": 0, "ts": round(at * _MICROSECONDS), "args": values}
