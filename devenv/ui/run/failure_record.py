"""The failures of former runs, for who looks later: what failed, why, and what to do, newest last.

Responsible for a small file in the folder of the logs, and for keeping only the latest failures.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devenv.adapters.files.records import remembered, write_whole
from devenv.errors import RunFailedError
from devenv.events import Event, PlanMade, StepFailed

_FILE = "failures.json"
_KEPT = 10
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class RecordedFailure:
    """A step of a run that failed."""

    command: str
    at: datetime
    title: str
    """Of the step."""
    code: str
    message: str
    hint: str = ""
    facts: tuple[tuple[str, str], ...] = field(default=())
    """What explains it, label to text."""
    log: str = ""
    """Path of the run's log."""


class FailureRecord:
    """Takes the events of one run, and adds what failed to the record at its end.

    Give the stream of events its `Secrets`: what arrives here is written as it is.
    """

    def __init__(self, log: Path, command: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._log = log
        self._command = command
        self._now = now
        self._titles: dict[str, str] = {}
        self._failures: list[dict[str, Any]] = []

    def handle(self, event: Event) -> None:
        if isinstance(event, PlanMade):
            self._titles |= {step.key: step.title for step in event.steps}
        # Of a run within a run its own steps are told.
        elif isinstance(event, StepFailed) and not isinstance(event.error, RunFailedError):
            error, title = event.error.as_dict(), self._titles.get(event.key, event.key)
            place = {"command": self._command, "at": self._now().isoformat(), "title": title, "log": str(self._log)}
            self._failures.append({**place, "error": error})

    def close(self) -> None:
        """Write what failed."""
        folder = self._log.parent
        if self._failures and folder.is_dir():  # `down` has taken it away
            kept = [*_entries(folder), *self._failures][-_KEPT:]
            write_whole(folder / _FILE, json.dumps({"failures": kept}, indent=1) + "\n", mode=_PRIVATE)


def recorded_failures(logs: Path) -> tuple[RecordedFailure, ...]:
    """What is recorded in a project's folder of logs, newest first."""
    return tuple(found for entry in reversed(_entries(logs)) if (found := _failure(entry)))


def _entries(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = remembered(folder / _FILE, failures=list).get("failures", [])
    return found  # the next failure writes anew what is damaged


def _failure(entry: dict[str, Any]) -> RecordedFailure | None:
    """One of them; None of one that is damaged."""
    try:
        return _read(entry)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _read(entry: dict[str, Any]) -> RecordedFailure:
    error = entry["error"]
    context = {str(label): str(text) for label, text in (error.get("context") or {}).items()}
    return RecordedFailure(
        command=str(entry["command"]),
        at=datetime.fromisoformat(entry["at"]),
        title=str(entry["title"]),
        code=str(error["code"]),
        message=str(error["message"]),
        hint=str(error.get("hint") or ""),
        facts=tuple((label, text) for label, text in context.items() if label != "traceback"),
        log=str(entry["log"]),
    )
