"""The live tree: what it shows at a moment, and that it always fits the terminal."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from support.story import STORY

from devenv.errors import DevenvError
from devenv.events import (
    Event,
    Noted,
    PlanMade,
    PlannedStep,
    StepFailed,
    StepProgressed,
    StepSkipped,
    StepStarted,
    StepSucceeded,
)
from devenv.ui.run.live import LiveTree
from devenv.ui.run.live_rows import rows, styled_summary
from devenv.ui.run.progress import RunProgress

DASH = "\N{EN DASH}"


def after(*events: Event) -> RunProgress:
    progress = RunProgress()
    for event in events:
        progress.apply(event)
    return progress


def test_running_groups_are_open_and_ended_ones_are_one_row() -> None:
    shown = rows(after(*STORY[:7]), now=10.0, width=80, height=20)
    assert (
        shown.plain
        == """\
✓ tools 1/1  0.2s
⠋ images 0/1  10.0s
  ⠋ Build image traefik  10.0s  [build 3/7] go build
⠋ cluster 0/1  9.8s
  ⠋ Create cluster devenv-alt  9.8s
· 02-infrastructure 0/1
· 04-core-services 0/1
10.0s  1 of 5 steps, 2 running"""
    )


def test_a_failure_stays_open() -> None:
    shown = rows(after(*STORY[:12]), now=32.0, width=80, height=20)
    assert "✗ 02-infrastructure 0/1  12.0s\n  ✗ Install chart postgres  12.0s  postgres cannot" in shown.plain
    assert f"\n{DASH} 04-core-services 0/1\n" in shown.plain


def test_a_low_and_narrow_terminal_shows_what_runs() -> None:
    shown = rows(after(*STORY[:7]), now=10.0, width=40, height=6)
    assert (
        shown.plain
        == """\
⠋ images 0/1  10.0s
  ⠋ Build image traefik  10.0s  [build …
⠋ cluster 0/1  9.8s
  ⠋ Create cluster devenv-alt  9.8s
  … 2 more groups waiting
10.0s  1 of 5 steps, 2 running"""
    )


@st.composite
def moments(draw: st.DrawFn) -> RunProgress:
    count = draw(st.integers(0, 30))
    words = st.text(max_size=120)
    steps = tuple(PlannedStep(f"k{n}", draw(words), draw(st.sampled_from(["a", "b", "c", "d"]))) for n in range(count))
    progress = after(PlanMade("p", "c", steps))
    for step in steps:
        key = step.key
        stories: list[list[Event]] = [
            [],
            [StepStarted(key, 1.0), StepProgressed(key, draw(words))],
            [StepStarted(key, 1.0), StepSucceeded(key, 2.0, 1.0)],
            [StepStarted(key, 1.0), StepFailed(key, 2.0, 1.0, DevenvError(draw(words)))],
            [StepSkipped(key, draw(words))],
        ]
        for event in draw(st.sampled_from(stories)):
            progress.apply(event)
    return progress


@given(moments(), st.integers(1, 120), st.integers(1, 50))
def test_the_tree_fits_every_terminal(progress: RunProgress, width: int, height: int) -> None:
    lines = rows(progress, now=5.0, width=width, height=height).split("\n")
    assert len(lines) <= height
    assert all(line.cell_len <= width for line in lines)


def terminal(height: int = 24) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100, height=height, color_system=None)


def output(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_run_on_a_terminal_ends_with_a_summary() -> None:
    console = terminal()
    sink = LiveTree(console, verbose=True)
    for event in STORY:
        sink.handle(event)
    sink.close()
    reported = output(console)
    assert "cluster/create Preparing nodes\n" in reported
    assert "warning: the port 8080 is taken\nhint: devenv status\n" in reported
    assert reported.endswith("""\
longest chain: 33.0s: traefik
log: /state/logs/up.log
  backend  http://backend.alt.localhost
  s3       http://s3.alt.localhost
all of it on one page, live: devenv open
""")
    assert reported.count("\x1b[?25l") == reported.count("\x1b[?25h") == 1


def test_nothing_is_drawn_before_there_is_a_plan() -> None:
    console = terminal()
    sink = LiveTree(console)
    sink.handle(Noted("no engine answers"))
    assert output(console) == "no engine answers\n"
    sink.close()
    assert output(console) == "no engine answers\n"


def test_the_cursor_comes_back_when_the_run_breaks_off() -> None:
    console = terminal()
    sink = LiveTree(console)
    sink.handle(STORY[0])
    sink.close()
    assert output(console).count("\x1b[?25h") == 1


def test_the_summary_lists_the_groups_first() -> None:
    progress = after(*STORY)
    assert progress.finished is not None
    assert styled_summary(progress, progress.finished, None).plain.startswith(f"""\
✓ tools 1/1  0.2s
{DASH} images 0/1  33.0s
✓ cluster 1/1  19.8s
✗ 02-infrastructure 0/1  12.0s
{DASH} 04-core-services 0/1

Install chart postgres failed after 12.0s [install/postgres]
  error: postgres cannot become ready [workload-failed]
""")
