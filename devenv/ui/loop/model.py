"""What is known of a `devenv dev` at a moment: its members, what runs for each, what was written.

Responsible for the state that the view shows, from events alone. It draws nothing.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rich.text import Text

from devenv.events import (
    Event,
    Logged,
    PlanMade,
    RoundFinished,
    RunFinished,
    StateChanged,
    StepStarted,
    Synced,
    WatchMember,
    WatchStarted,
)
from devenv.ui.run.live_rows import styled_summary
from devenv.ui.run.progress import RunProgress, StepProgress, StepState
from devenv.ui.run.styled import styled_line
from devenv.ui.wording import duration, outcome_line

KEPT_LINES = 5000
_OF_TASKS = {
    ("task", StepState.RUNNING): "running",
    ("task", StepState.SUCCEEDED): "done",
    ("serve", StepState.RUNNING): "starting",
    ("serve", StepState.SUCCEEDED): "serving",
}
_VERBS = {"task": "ran", "serve": "started", "restart": "restarted"}
"""What a step of such a key is for its member; others are parts of a round."""


@dataclass(frozen=True, slots=True)
class Row:
    """A member as it is."""

    member: WatchMember
    state: str = ""
    reason: str = ""
    restarts: int = 0
    last: str = ""
    """What became of it last, and how long that took."""
    last_failed: bool = False
    details: str = ""
    """The same with its parts."""
    activity: str = ""
    """What runs for it now."""

    @property
    def name(self) -> str:
        """By which people call it."""
        return self.member.name


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was written or told."""

    name: str
    """Of the member that wrote it; empty for what is told of all."""
    text: Text


class LoopModel:
    """The state, reduced from the events; one thread at a time calls it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._rows: dict[str, Row] = {}
        self._progress = RunProgress()
        self.project = ""
        self.lines: deque[Line] = deque(maxlen=KEPT_LINES)
        self.written = 0
        """How many lines there have been."""

    def apply(self, event: Event) -> None:
        """Take an event into account."""
        step = self._progress.apply(event)
        match event:
            case WatchStarted():
                self.project = event.project
                self._rows = {member.name: Row(member) for member in event.members}
            case StateChanged() if event.name in self._rows:
                row = self._rows[event.name]
                self._rows[event.name] = replace(row, state=event.state, reason=event.reason, restarts=event.restarts)
            case StepStarted():
                self._began = self._clock() - event.at
            case RoundFinished():
                self._end_round(event)
            case Synced():
                self._note_last(self._using(event.image), f"synced {event.seconds:.2f}s", outcome_line(event))
        if step and not isinstance(event, PlanMade):
            self._follow_step(step)
        self._tell(event)

    def rows(self) -> list[Row]:
        """Each member as it is now, with what runs for it."""
        running = self._progress.in_state(StepState.RUNNING)
        now = self._clock() - self._began
        return [
            replace(row, activity=", ".join(_doing(step, now) for step in running if _is_for(step, row.member)))
            for row in self._rows.values()
        ]

    @property
    def doing(self) -> str:
        """What runs now, and for how long; empty between the rounds."""
        running = self._progress.in_state(StepState.RUNNING)
        now = self._clock() - self._began
        return ", ".join(_doing(step, now) for step in running)

    def newest(self, count: int, name: str = "") -> list[Line]:
        """Of the last so many lines those of a member, with what is told of all; every one without a name."""
        newest = list(self.lines)[-count:] if count else []
        return [line for line in newest if not name or line.name in ("", name)]

    def _tell(self, event: Event) -> None:
        if isinstance(event, RunFinished):
            text = styled_summary(self._progress, event, None) if event.failed else None
        else:
            text = styled_line(event)
        if text is not None:
            self.lines.append(Line(event.stack if isinstance(event, Logged) else "", text))
            self.written += 1

    def _using(self, *images: str) -> list[str]:
        return [row.name for row in self._rows.values() if not set(images).isdisjoint(row.member.images)]

    def _end_round(self, event: RoundFinished) -> None:
        how = "ready" if event.succeeded else "failed"
        names = [name for name in self._using(*event.images) if name in event.stacks]
        self._note_last(names, f"{how} {duration(event.seconds)}", outcome_line(event), failed=not event.succeeded)

    def _note_last(self, names: list[str], last: str, details: str, *, failed: bool = False) -> None:
        for name in names:
            self._rows[name] = replace(self._rows[name], last=last, details=details, last_failed=failed)

    def _follow_step(self, step: StepProgress) -> None:
        kind = step.key.partition("/")[0]
        for row in [row for row in self._rows.values() if kind in _VERBS and _is_for(step, row.member)]:
            failed = step.state is StepState.FAILED
            if row.member.kind == "task":
                state = "failed" if failed else _OF_TASKS.get((kind, step.state), row.state)
                # What is served is started once for each save, and it is not its restarts that people look for.
                self._rows[row.name] = replace(row, state=state, reason=step.message if failed else "")
            if step.state in {StepState.SUCCEEDED, StepState.FAILED}:
                took = duration(step.seconds)
                last = f"failed {took}" if failed else f"{_VERBS[kind]} {took}"
                details = f"{step.title}: {step.message}" if step.message else f"{step.title}: {last}"
                self._note_last([row.name], last, details, failed=failed)


def _is_for(step: StepProgress, member: WatchMember) -> bool:
    """Whether a step is about a member: its key ends with the member's name or that of an image, or begins so."""
    return not {*_subjects(step.key)}.isdisjoint({member.name, *member.images})


def _subjects(key: str) -> Iterator[str]:
    _, _, subject = key.partition("/")
    yield subject
    yield subject.partition("/")[0]


def _doing(step: StepProgress, now: float) -> str:
    return f"{step.title} {duration(now - step.started)}"
