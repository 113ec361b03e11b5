"""What the live tree shows: rows chosen so that they fit the terminal, the most telling ones first.

Responsible for pure layout: from the progress, a time and a size to styled text. It keeps and draws nothing.
"""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from devenv.events import RunFinished
from devenv.ui.run.progress import ENDED, RunProgress, StepProgress, StepState
from devenv.ui.run.summary import summary
from devenv.ui.wording import count, duration, one_line

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_SPINS_PER_SECOND = 8
_MARKS = {
    StepState.SUCCEEDED: ("✓", "green"),
    StepState.FAILED: ("✗", "red"),
    StepState.STOPPED: ("\N{EN DASH}", "yellow"),
    StepState.SKIPPED: ("\N{EN DASH}", "yellow"),
    StepState.WAITING: ("·", "dim"),
}
_WORST_FIRST = (StepState.FAILED, StepState.STOPPED, StepState.SKIPPED, StepState.SUCCEEDED)


def rows(progress: RunProgress, *, now: float, width: int, height: int) -> Text:
    """The tree at a moment, in at most `height` lines of at most `width` cells.

    When the terminal is too low, what goes first is the groups that have ended, then those that wait, then
    the steps beyond the room that is left.
    """
    ended: list[Text] = []
    active: list[Text] = []
    waiting: list[Text] = []
    for name, steps in progress.groups().items():
        failed = any(step.state is StepState.FAILED for step in steps)
        if not failed and all(step.state in ENDED for step in steps):
            ended.append(_group_row(name, steps, now))
        elif all(step.state is StepState.WAITING for step in steps):
            waiting.append(_group_row(name, steps, now))
        else:
            active.append(_group_row(name, steps, now))
            active.extend(_step_row(step, now) for step in steps if _shown(step))
    foot = _foot(progress, now)
    room = max(height - 1, 0)
    active = _fit(active, room, "more")
    waiting = _fit(waiting, room - len(active), "more groups waiting")
    ended = _fit(ended, room - len(active) - len(waiting), "more groups ended")
    lines = [*ended, *active, *waiting, foot]
    for line in lines:
        line.truncate(max(width, 1), overflow="ellipsis")
    return Text("\n", no_wrap=True).join(lines[-height:] if height > 0 else [])


def styled_summary(progress: RunProgress, finished: RunFinished, folder: Path | None) -> Text:
    """The run's groups, a line each, and the summary with its errors and hints marked by colour."""
    text = Text()
    for name, steps in progress.groups().items():
        text.append_text(_group_row(name, steps, finished.seconds)).append("\n")
    if progress.in_state(StepState.FAILED, StepState.SKIPPED):
        text.append("\n")
    report = Text(summary(progress, finished, folder=folder))
    report.highlight_regex(r"(?m)^\s*error: .*$", "red")
    report.highlight_regex(r"(?m)^\s*hint: .*$", "cyan")
    report.highlight_regex(r"(?m)^(longest chain|log|skipped, because)\b.*$", "dim")
    return text.append_text(report)


def _fit(lines: list[Text], room: int, rest: str) -> list[Text]:
    """The lines, or as many as there is room for with a last one that counts the others."""
    if len(lines) <= room:
        return lines
    if room <= 0:
        return []
    kept = lines[: room - 1]
    return [*kept, Text(f"  … {len(lines) - len(kept)} {rest}", style="dim")]


def _shown(step: StepProgress) -> bool:
    return step.state in {StepState.RUNNING, StepState.FAILED, StepState.STOPPED}


def _group_row(name: str, steps: list[StepProgress], now: float) -> Text:
    done = sum(step.state is StepState.SUCCEEDED for step in steps)
    states = {step.state for step in steps}
    if states <= ENDED:
        state = next(state for state in _WORST_FIRST if state in states)
        mark, style = _MARKS[state]
    elif states == {StepState.WAITING}:
        mark, style = _MARKS[StepState.WAITING]
    else:
        mark, style = _spinner(now), "cyan"
    row = Text.assemble((mark, style), " ", (name, "bold"), f" {done}/{len(steps)}")
    if seconds := _span(steps, now):
        row.append(f"  {duration(seconds)}", style="dim")
    return row


def _step_row(step: StepProgress, now: float) -> Text:
    running = step.state is StepState.RUNNING
    mark, style = (_spinner(now), "cyan") if running else _MARKS[step.state]
    took = now - step.started if running else step.seconds
    row = Text.assemble("  ", (mark, style), f" {one_line(step.title)}", (f"  {duration(took)}", "dim"))
    if step.message:
        row.append(f"  {step.message}", style="dim" if running else style)
    return row


def _foot(progress: RunProgress, now: float) -> Text:
    ended = len(progress.in_state(*ENDED))
    running = len(progress.in_state(StepState.RUNNING))
    steps = f"{ended} of {count(len(progress.steps), 'step')}"
    return Text(f"{duration(now)}  {steps}, {running} running", style="dim")


def _span(steps: list[StepProgress], now: float) -> float:
    """From the group's first start to its last end, or to now while one of its steps runs."""
    begun = [s for s in steps if s.state not in {StepState.WAITING, StepState.SKIPPED}]
    ends = [now if s.state is StepState.RUNNING else s.started + s.seconds for s in begun]
    return max(ends) - min(s.started for s in begun) if begun else 0.0


def _spinner(now: float) -> str:
    return _SPINNER[int(now * _SPINS_PER_SECOND) % len(_SPINNER)]
