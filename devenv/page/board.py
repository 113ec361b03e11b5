"""The view that everybody looks at: written by threads, read by requests, awaited by streams of events.

Responsible for handing out whole views, and for telling whether anybody looks.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from devenv.page.view import View

_LOOKED_SECONDS = 30.0
"""For so long somebody who has read the page counts as looking: it may be one without a stream of events."""


class Changes:
    """Awaited by one stream of events, in its own loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def tell(self) -> None:
        """There is something new. Any thread may say so."""
        with suppress(RuntimeError):  # the loop has ended, and the stream with it
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> bool:
        """Whether there is something new, within so many seconds."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return False
        self._event.clear()
        return True


class Board:
    """Holds the view. Threads share it."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._changed = threading.Condition()
        self._streams: set[Changes] = set()
        self._looked = 0.0
        self.closed = False

    @property
    def view(self) -> View:
        """All that is known now."""
        return self._view

    def update(self, **changes: Any) -> None:
        """Replace fields of the view."""
        self.change(lambda view: replace(view, **changes))

    def change(self, make: Callable[[View], View]) -> None:
        """Replace the view by what is made of it."""
        with self._changed:
            view = make(self._view)
            if view != self._view:
                self._view = view
                self._tell()

    def close(self) -> None:
        """End all streams."""
        with self._changed:
            self.closed = True
            self._tell()

    def first_known(self, seconds: float) -> View:
        """The view once the cluster was looked at, or as it is after so many seconds."""
        with self._changed:
            self._looked = time.monotonic()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._view.state is not None or self.closed, seconds)
            return self._view

    def await_reader(self, seconds: float) -> bool:
        """Whether anybody looks, now or within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self.closed or self._is_read(), seconds)

    def await_end(self, seconds: float) -> bool:
        """Whether it is closed, now or within so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self.closed, seconds)

    @contextmanager
    def stream(self) -> Iterator[Changes]:
        """Be told of changes."""
        changes = Changes()
        with self._changed:
            self._streams.add(changes)
            self._changed.notify_all()
        try:
            yield changes
        finally:
            with self._changed:
                self._streams.discard(changes)
                self._looked = time.monotonic()

    def _is_read(self) -> bool:
        return bool(self._streams) or time.monotonic() - self._looked < _LOOKED_SECONDS

    def _tell(self) -> None:
        self._changed.notify_all()
        for changes in self._streams:
            changes.tell()
