"""What is known of a run at a moment: each step's state, by group, reduced from the events.

Responsible for the state that the screen, the plain lines and the summary share. It prints nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from devenv.errors import DevenvError, InterruptedRunError
from devenv.events import (
    Event,
    PlanMade,
    RunFinished,
    StepFailed,
    StepProgressed,
    StepSkipped,
    StepStarted,
    StepSucceeded,
)
from devenv.ui.wording import one_line


class StepState(StrEnum):
    """Where a step is."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"
    """Begun, and stopped by the user."""
    SKIPPED = "skipped"


ENDED = frozenset({StepState.SUCCEEDED, StepState.FAILED, StepState.STOPPED, StepState.SKIPPED})


@dataclass(slots=True)
class StepProgress:
    """One step as far as it has got."""

    key: str
    title: str
    group: str
    state: StepState = StepState.WAITING
    started: float = 0.0
    """Seconds since the run began."""
    seconds: float = 0.0
    message: str = ""
    """Latest progress, detail of success, or reason for the skip."""
    error: DevenvError | None = None


@dataclass(slots=True)
class RunProgress:
    """All steps of the plan, in its order, and the end of the run once there is one."""

    plan: PlanMade | None = None
    steps: dict[str, StepProgress] = field(default_factory=dict)
    finished: RunFinished | None = None

    def apply(self, event: Event) -> StepProgress | None:
        """Take an event into account; returns the step that it is about."""
        match event:
            case PlanMade():
                self.plan = event
                self.steps = {s.key: StepProgress(s.key, s.title, s.group) for s in event.steps}
            case StepStarted():
                step = self._step(event.key)
                step.state, step.started = StepState.RUNNING, event.at
                return step
            case StepProgressed():
                step = self._step(event.key)
                step.message = one_line(event.message)
                return step
            case StepSucceeded():
                step = self._step(event.key)
                step.state, step.seconds = StepState.SUCCEEDED, event.seconds
                step.message = one_line(event.detail)
                return step
            case StepFailed():
                return self._fail(event)
            case StepSkipped():
                step = self._step(event.key)
                step.state, step.message = StepState.SKIPPED, one_line(event.reason)
                return step
            case RunFinished():
                self.finished = event
        return None

    def groups(self) -> dict[str, list[StepProgress]]:
        """The steps by group, both in the plan's order."""
        groups: dict[str, list[StepProgress]] = {}
        for step in self.steps.values():
            groups.setdefault(step.group, []).append(step)
        return groups

    def in_state(self, *states: StepState) -> list[StepProgress]:
        """The steps in one of these states, in the plan's order."""
        return [step for step in self.steps.values() if step.state in states]

    def title(self, key: str) -> str:
        """A step's title; its key when the plan does not know it."""
        return self.steps[key].title if key in self.steps else key

    def _fail(self, event: StepFailed) -> StepProgress:
        step = self._step(event.key)
        stopped = isinstance(event.error, InterruptedRunError)
        step.state = StepState.STOPPED if stopped else StepState.FAILED
        step.seconds, step.error = event.seconds, event.error
        step.message = one_line(event.error.message)
        return step

    def _step(self, key: str) -> StepProgress:
        """The step of this key; one that the plan did not announce is shown under its key."""
        return self.steps.setdefault(key, StepProgress(key, key, key.partition("/")[0]))
