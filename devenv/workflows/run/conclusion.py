"""Telling how a run went: what every command that has steps ends with."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import InterruptedRunError, RunFailedError
from devenv.events import RunFinished
from devenv.runtime.run.scheduler import RunReport, TaskState
from devenv.workflows.access.session import Session


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What the end of a run tells beyond what became of its steps."""

    began: float
    """Of the command, on the monotonic clock."""
    log: Path | None = None
    links: tuple[tuple[str, str], ...] = ()


def conclude(report: RunReport, unchanged: int, session: Session, info: RunInfo, *, again: str) -> None:
    """Tell the end of a run; `again` is the command that goes on after a stop.

    Raises:
        RunFailedError: steps failed; each was reported as an event.
        InterruptedRunError: the user stopped the run.
    """
    failures = report.failures
    session.emit(
        RunFinished(
            succeeded=report.count(TaskState.SUCCEEDED),
            failed=len(failures),
            skipped=report.count(TaskState.SKIPPED) + report.count(TaskState.CANCELLED),
            unchanged=unchanged,
            seconds=time.monotonic() - info.began,
            chain=report.chain,
            chain_seconds=report.chain_seconds,
            log=str(info.log or ""),
            links=() if failures else info.links,
        )
    )
    if session.cancel.is_set():
        raise InterruptedRunError("stopped; what is done is kept", hint=again)
    if failures:
        names = ", ".join(failures)
        raise RunFailedError(f"{len(failures)} of {len(report.results)} steps failed: {names}", failures=failures)
