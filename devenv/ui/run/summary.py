"""The end of a run as text: what failed and why, what took the time, and where to go next.

Responsible for the lines that follow the last step, the same on a terminal and elsewhere. It prints nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from devenv.events import RunFinished
from devenv.ui.diagnostics import indent, render
from devenv.ui.run.progress import RunProgress, StepProgress, StepState
from devenv.ui.wording import duration


def summary(progress: RunProgress, finished: RunFinished, *, folder: Path | None = None) -> str:
    """The summary of a finished run; paths below `folder` are shown relative to it."""
    lines: list[str] = []
    for step in progress.in_state(StepState.FAILED):
        lines += ["", *_failure(step, folder)]
    lines += _left_out(progress)
    lines += ["", outcome(progress, finished)]
    if finished.chain:
        chain = " -> ".join(_subjects(finished.chain))
        lines.append(f"longest chain: {duration(finished.chain_seconds)}: {chain}")
    if finished.log:
        lines.append(f"log: {_from_home(finished.log)}")
    lines += _links(finished)
    return "\n".join(lines).lstrip("\n")


def outcome(progress: RunProgress, finished: RunFinished) -> str:
    """One line: how the run ended, how many steps, how long."""
    ends = (StepState.SUCCEEDED, StepState.FAILED, StepState.STOPPED, StepState.SKIPPED)
    amounts = [(len(progress.in_state(state)), state.value) for state in ends]
    said = ", ".join(f"{amount} {word}" for amount, word in [*amounts, (finished.unchanged, "unchanged")] if amount)
    if not any(amount for amount, _ in amounts):
        unchanged = f": {finished.unchanged} unchanged" if finished.unchanged else ""
        return f"nothing to do{unchanged} ({duration(finished.seconds)})"
    return f"{said} in {duration(finished.seconds)}"


def _failure(step: StepProgress, folder: Path | None) -> Iterator[str]:
    yield f"{step.title} failed after {duration(step.seconds)} [{step.key}]"
    if step.error is not None:
        yield indent(render(step.error, folder=folder), "  ")


def _left_out(progress: RunProgress) -> list[str]:
    """The skipped steps, by reason."""
    by_reason: dict[str, list[str]] = {}
    for step in progress.in_state(StepState.SKIPPED):
        by_reason.setdefault(step.message, []).append(step.key)
    lines = [f"skipped, because {reason}: {', '.join(keys)}" for reason, keys in by_reason.items()]
    return ["", *lines] if lines else []


def _subjects(chain: Sequence[str]) -> list[str]:
    """What the steps of a chain were for, each once; the log has the steps themselves."""
    divided = (key.split("/") for key in chain)
    return list(dict.fromkeys(kind if kind == "cluster" else rest[0] for kind, *rest in divided))


def _from_home(path: str) -> str:
    """A path as a shell takes it, the home folder being `~`."""
    home = os.path.expanduser("~")  # noqa: PTH111 -- Path.home() fails where there is none, which is no error here
    return f"~{path.removeprefix(home)}" if path.startswith(f"{home}/") else path


def _links(finished: RunFinished) -> list[str]:
    width = max((len(name) for name, _ in finished.links), default=0)
    lines = [f"  {name:<{width}}  {url}" for name, url in finished.links]
    return [*lines, "all of it on one page, live: devenv open"] if lines else []
