"""One stream of events, many sinks: a queue that any thread may fill and one thread that feeds the sinks.

Responsible for order and for not losing a sink's failure. What a sink does with an event is its own concern.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from devenv.events import Event
from devenv.ui.run.redaction import Secrets


class Sink(Protocol):
    """Something that takes events; only one thread calls it."""

    def handle(self, event: Event) -> None:
        """Take an event."""

    def close(self) -> None:
        """Finish; called once, also after a failure, and after the last event."""


class EventStream:
    """Feeds all sinks, in the order of the events, while its context lasts.

    A sink that raises gets no more events and is closed; the others go on. What it raised is raised when the
    context ends (several failures as a group), or noted on the exception that ends the context.
    """

    def __init__(self, sinks: Sequence[Sink], *, secrets: Secrets | None = None) -> None:
        self._sinks = list(sinks)
        self._secrets = secrets or Secrets()
        self._queue: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._failures: list[Exception] = []
        self._thread = threading.Thread(target=self._consume, name="events", daemon=True)

    def emit(self, event: Event) -> None:
        """Hand an event to the sinks, without waiting for them. Any thread may call it."""
        self._queue.put(event)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(None)
        self._thread.join()
        if not self._failures:
            return
        if error is not None:
            for failure in self._failures:
                error.add_note(f"an output of this run failed: {type(failure).__name__}: {failure}")
        elif len(self._failures) == 1:
            raise self._failures[0]
        else:
            raise ExceptionGroup("several outputs of this run failed", self._failures)

    def _consume(self) -> None:
        sinks = self._sinks
        while (event := self._queue.get()) is not None:
            masked = self._secrets.mask_event(event)
            sinks = [sink for sink in sinks if self._served(sink, masked)]
        for sink in sinks:
            self._attempt(sink.close)

    def _served(self, sink: Sink, event: Event) -> bool:
        if self._attempt(lambda: sink.handle(event)):
            return True
        self._attempt(sink.close)
        return False

    def _attempt(self, action: Callable[[], None]) -> bool:
        try:
            action()
        except Exception as failure:  # noqa: BLE001 -- raised by __exit__, in the thread that runs the command
            self._failures.append(failure)
            return False
        return True
