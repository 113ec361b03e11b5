"""Secrets that must not be shown: literal values, masked in every event before any sink sees it.

Responsible for masking only. Who knows a secret registers it; nothing here guesses what looks like one.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from devenv.errors import DevenvError, RunFailedError, SpecError, WorkloadError
from devenv.events import (
    MASK,
    Event,
    Logged,
    Noted,
    StateChanged,
    StepFailed,
    StepOutput,
    StepProgressed,
    StepSucceeded,
)

_SHORTEST = 4
"""Masking shorter values would make logs unreadable and hide nothing."""
_SHORTEST_LINE = 12
"""A line of a value of several lines, such as a key in PEM, is masked by itself from this length on."""
_TEXTS: Mapping[type[Event], tuple[str, ...]] = {
    StepOutput: ("line",),
    StepProgressed: ("message",),
    StepSucceeded: ("detail",),
    Noted: ("message", "hint"),
    Logged: ("message",),
    StateChanged: ("reason",),
}
"""What foreign programs and errors can put their words into."""


class Secrets:
    """Literal values to mask; values can be added at any time and from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._needles: tuple[str, ...] = ()

    def add(self, *values: str) -> None:
        """Mask these values from now on, also as base64 and in JSON; those below 4 characters are left."""
        needles = {needle for value in values if len(value) >= _SHORTEST for needle in _appearances(value)}
        with self._lock:
            # Longest first: a value that contains another one is masked whole.
            self._needles = tuple(sorted(needles.union(self._needles), key=lambda n: (-len(n), n)))

    def mask(self, text: str) -> str:
        """The text with every registered value replaced."""
        for needle in self._needles:
            text = text.replace(needle, MASK)
        return text

    def mask_event(self, event: Event) -> Event:
        """The event with every registered value replaced in what it says."""
        if not self._needles:
            return event
        if isinstance(event, StepFailed):
            return replace(event, error=self.mask_error(event.error))
        changes: dict[str, Any] = {name: self.mask(getattr(event, name)) for name in _TEXTS.get(type(event), ())}
        return replace(event, **changes)

    def mask_error(self, error: DevenvError) -> DevenvError:
        """A copy of the error whose message, context and hint are masked."""
        # Not copy.copy: it would call the class with positional arguments that subclasses do not take.
        masked = error.__class__.__new__(error.__class__)
        masked.__dict__.update(error.__dict__)
        masked.message = self.mask(error.message)
        masked.context = {label: self.mask(text) for label, text in error.context.items()}
        masked.hint = self.mask(error.hint)
        masked.args = (masked.message,)
        if isinstance(masked, SpecError):
            masked.problems = tuple(
                replace(problem, message=self.mask(problem.message), hint=self.mask(problem.hint))
                for problem in masked.problems
            )
        if isinstance(masked, RunFailedError):
            masked.failures = {key: self.mask_error(failure) for key, failure in masked.failures.items()}
        if isinstance(masked, WorkloadError):
            masked.log = tuple(self.mask(line) for line in masked.log)
        return masked


def _appearances(value: str) -> set[str]:
    encoded = base64.b64encode(value.encode()).decode()
    lines = {line for line in value.splitlines() if len(line) >= _SHORTEST_LINE}
    return {value, encoded, json.dumps(value)[1:-1], *lines}
