"""The live tree on a terminal: groups with their steps, redrawn in place, and a summary when the run ends.

Responsible for drawing. It takes events from the one thread that feeds sinks; Rich's own thread redraws, and
a lock keeps both from touching the state at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.text import Text

from devenv.events import Event, PlanMade, RunFinished, StepOutput, StepStarted
from devenv.ui.run.live_rows import rows, styled_summary
from devenv.ui.run.progress import RunProgress
from devenv.ui.run.styled import styled_line
from devenv.ui.wording import clean

_REDRAWS_PER_SECOND = 8


class LiveTree:
    """Draws the run on a terminal; `verbose` prints each line of foreign programs above the tree."""

    def __init__(
        self,
        console: Console | None = None,
        *,
        verbose: bool = False,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._verbose = verbose
        self._folder = folder
        self._clock = clock
        self._began = clock()
        self._progress = RunProgress()
        self._lock = threading.Lock()
        self._live = Live(
            get_renderable=self._draw,
            console=self._console,
            refresh_per_second=_REDRAWS_PER_SECOND,
            transient=True,
            # Standard output is data, and prints of others would be defects: nothing is redirected.
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )

    def handle(self, event: Event) -> None:
        """Take the event into the tree, or print it above."""
        with self._lock:
            self._progress.apply(event)
            if isinstance(event, StepStarted):
                # Events count from the start of the run, which is later than the start of this sink.
                self._began = self._clock() - event.at
        if isinstance(event, PlanMade | StepStarted):
            # Not earlier: questions are asked before there is a plan, and the tree would draw over them.
            self._live.start()
        # Printed without our lock: Rich holds its own while it draws, and then asks for ours.
        if isinstance(event, StepOutput) and self._verbose:
            self._print(Text.assemble((f"{event.key} ", "dim"), clean(event.line)))
        elif isinstance(event, RunFinished):
            self._finish(event)
        elif line := styled_line(event):
            self._print(line)

    def close(self) -> None:
        """Remove the tree; the terminal is as before, also when the run did not finish."""
        self._live.stop()

    def _finish(self, event: RunFinished) -> None:
        self._live.stop()
        self._print(styled_summary(self._progress, event, self._folder))

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True, highlight=False)

    def _draw(self) -> Text:
        width, height = self._console.size
        now = self._clock() - self._began
        with self._lock:
            return rows(self._progress, now=now, width=width, height=height - 1)
