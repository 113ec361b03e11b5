"""A program in a node that is told what to do line by line, and may serve one load after the other.

Responsible for its life: starting it in a thread of its own, feeding it from a bounded queue, handing on what it says,
and how it ended. What is said in either direction is its caller's concern.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from devenv.adapters.docker import Engine
from devenv.errors import DevenvError, InterruptedRunError

_QUEUED_CHUNKS = 4
_SECONDS = 2400.0
_WAITING_SECONDS = 600.0
"""A program that was started longer ago is not asked any more: it has less than half an hour left."""
_TICK = 0.2


class NodeProgram:
    """One running program; `error` says why it has ended, None while it runs or when it ended well."""

    def __init__(self, engine: Engine, node: str, argv: Sequence[str], cancel: threading.Event | None) -> None:
        """Start it, which takes a moment that nobody waits for; it is stopped when `cancel` is set."""
        self.engine = engine
        self.node = node
        self.cancel = cancel
        self.error: DevenvError | None = None
        self._argv = argv
        self._started = time.monotonic()
        self._queue: queue.Queue[bytes | None] = queue.Queue(_QUEUED_CHUNKS)
        self._over = threading.Event()
        self._explained = threading.Event()
        """Set once `error` is what it will stay."""
        self._broken_off = ""
        self._on_line: Callable[[str], None] = _nobody
        self._on_end: Callable[[], None] = _nothing
        self._bug: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"program in {node}", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or is about to: it reads no more."""
        return self._over.is_set()

    @property
    def is_fresh(self) -> bool:
        """Whether it runs, and will for as long as a load may take."""
        return not self.is_over and time.monotonic() - self._started < _WAITING_SECONDS

    def serve(self, on_line: Callable[[str], None], on_end: Callable[[], None]) -> None:
        """Whom it works for from now on.

        Args:
            on_line: gets each line that it says, in another thread.
            on_end: called when it has ended and `error` is known, in another thread, or here when that is so already.
        """
        self._on_line, self._on_end = on_line, on_end
        if self._explained.is_set():
            on_end()

    def put(self, data: bytes) -> None:
        """Feed it; waits while it is behind, and does nothing once it is over."""
        self._put(data)

    def end(self) -> None:
        """Tell it that nothing more comes, by which it ends."""
        self._put(None)

    def break_off(self, what: str) -> None:
        """Stop it in the middle of what it does; `what` names that in its error."""
        self._broken_off = what
        self._put(None)

    def join(self) -> None:
        """Wait for its end."""
        self._thread.join()
        if self._bug:
            raise self._bug

    def _put(self, item: bytes | None) -> None:
        while not self._over.is_set():
            try:
                self._queue.put(item, timeout=_TICK)
            except queue.Full:
                continue
            return

    def _chunks(self) -> Iterator[bytes]:
        while (chunk := self._queue.get()) is not None:
            yield chunk
        if self._broken_off:
            raise InterruptedRunError(f"stopped: {self._broken_off}")

    def _pass_on(self, line: str) -> None:
        self._on_line(line)  # of whom it works for now

    def _ended(self) -> None:
        """Nobody reads any more, and who waits for something to send need not."""
        self._over.set()
        with contextlib.suppress(queue.Full):  # then there is something, and sending it fails
            self._queue.put_nowait(None)

    def _run(self) -> None:
        try:
            self.engine.containers.exec(
                self.node,
                self._argv,
                self._chunks(),
                timeout=_SECONDS,
                cancel=self.cancel,
                on_line=self._pass_on,
                on_end=self._ended,
            )
        except DevenvError as error:
            self.error = error
        except BaseException as error:  # noqa: BLE001 (raised again in `join`)
            self._bug = error
        finally:
            self._over.set()
            self._explained.set()
            self._on_end()


def _nobody(_line: str) -> None:
    """For lines that nobody waits for."""


def _nothing() -> None:
    """For an end that nobody waits for."""
