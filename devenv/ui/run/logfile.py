"""A log file per run: every event with its time, every line of foreign programs with its step.

Responsible for the file, for who may read it, and for keeping only the latest ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from devenv.errors import FolderError
from devenv.events import (
    DebuggerStarted,
    Event,
    InterceptStarted,
    Logged,
    Noted,
    PlanMade,
    RoundFinished,
    RunFinished,
    StateChanged,
    StepFailed,
    StepOutput,
    StepProgressed,
    StepSkipped,
    StepStarted,
    StepSucceeded,
    Synced,
    WatchStarted,
)
from devenv.ui.diagnostics import render
from devenv.ui.wording import clean, count, duration, outcome_line

KEPT = 20


class LogFile:
    """Writes a new file `<time>-<command>.log` into a folder and removes the oldest ones.

    Give the stream of events its `Secrets`: what arrives here is written as it is.
    """

    def __init__(
        self,
        folder: Path,
        command: str,
        *,
        keep: int = KEPT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._now = now
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path = folder / f"{now():%Y%m%dT%H%M%S.%fZ}-{command}-{os.getpid()}.log"
            # Readable by its owner only: foreign programs print what nobody registered as a secret.
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            _remove_oldest(folder, keep)
        except OSError as error:
            raise FolderError(
                f"the log file cannot be written below {folder}", context={"cause": str(error)}
            ) from error
        self._stream = os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")
        # At once, so that a full disk is reported before the run has taken its time.
        self._write(f"devenv {command}")

    def handle(self, event: Event) -> None:
        """Write the event; flushed at once, so that a killed run leaves its log."""
        if text := _log_text(event):
            self._write(text)

    def close(self) -> None:
        self._stream.close()

    def _write(self, text: str) -> None:
        time = f"{self._now():%H:%M:%S.%f}"[:-3]
        for line in text.splitlines() or [""]:
            self._stream.write(f"{time} {line}\n")
        self._stream.flush()


def _log_text(event: Event) -> str:
    match event:
        case Logged():
            text = ""  # it is in a log already
        case PlanMade():
            text = _plan(event)
        case RunFinished():
            text = _end(event)
        case RoundFinished() | Synced() | DebuggerStarted() | InterceptStarted():
            text = outcome_line(event)
        case WatchStarted():
            text = f"watching {', '.join(member.name for member in event.members)}"
        case StateChanged():
            reason = f": {event.reason}" if event.reason else ""
            text = clean(f"{event.name} is {event.state}{reason} (restarts: {event.restarts})")
        case Noted():
            hint = f" (hint: {event.hint})" if event.hint else ""
            text = clean(f"{event.level}: {event.message}{hint}")
        case StepOutput():
            text = _each_line(f"[{event.key}] |", event.line)
        case StepFailed():
            report = _each_line(f"[{event.key}] !", render(event.error, details=True))
            text = f"[{event.key}] failed after {duration(event.seconds)}\n{report}"
        case _:
            text = _each_line(f"[{event.key}]", _step(event))
    return text


def _step(event: StepStarted | StepProgressed | StepSucceeded | StepSkipped) -> str:
    match event:
        case StepStarted():
            return "started"
        case StepProgressed():
            return f"... {event.message}"
        case StepSucceeded():
            return f"succeeded in {duration(event.seconds)}" + (f": {event.detail}" if event.detail else "")
        case StepSkipped():
            return f"skipped: {event.reason}"


def _plan(plan: PlanMade) -> str:
    head = f"plan for {plan.project}, cluster {plan.cluster}: {count(len(plan.steps), 'step')}"
    steps = (f"planned {s.key}: {s.title}" + (f" ({s.reason})" if s.reason else "") for s in plan.steps)
    return "\n".join([head, *steps, f"unchanged: {', '.join(plan.unchanged) or 'nothing'}"])


def _end(event: RunFinished) -> str:
    amounts = f"{event.succeeded} succeeded, {event.failed} failed, {event.skipped} skipped"
    chain = f"longest chain: {duration(event.chain_seconds)}: {' -> '.join(event.chain)}"
    return f"finished in {duration(event.seconds)}: {amounts}, {event.unchanged} unchanged\n{chain}"


def _each_line(prefix: str, text: str) -> str:
    return "\n".join(f"{prefix} {line}".rstrip() for line in clean(text).splitlines() or [""])


def _remove_oldest(folder: Path, keep: int) -> None:
    """Names begin with the time, so that their order is the files' age."""
    files = sorted(folder.glob("*.log"))
    for file in files[: max(len(files) - keep, 0)]:
        # Another run may have removed it in the meantime.
        file.unlink(missing_ok=True)
