"""Programs that wait in nodes for something to load, so that a load does not begin by starting them.

Starting a program in a node takes as long as a small change takes to arrive. Who loads again and again, as `devenv dev`
does, keeps one waiting in each node; a load takes those, and starts its own where none waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from devenv.adapters.docker import Engine
from devenv.images.node_stream import NodeStream


class NodePrograms:
    """The waiting programs of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str], NodeStream] = {}

    def take(self, engine: Engine, node: str, cancel: threading.Event | None) -> NodeStream:
        """A program in a node, which nobody has asked for anything yet; it ends when `cancel` is set."""
        with self._lock:
            waiting = self._waiting.pop((engine.address, node), None)
        if waiting and waiting.is_fresh and waiting.cancel is cancel:
            return waiting
        if waiting:
            waiting.dismiss()
        return NodeStream(engine, node, cancel)

    @contextmanager
    def kept_waiting(
        self, engine: Engine, nodes: Sequence[str], cancel: threading.Event | None
    ) -> Iterator[Callable[[], None]]:
        """Have a program wait in each node while the body runs; what is yielded replaces those that were taken."""

        def start() -> None:
            with self._lock:
                for node in nodes:
                    if (engine.address, node) not in self._waiting:
                        self._waiting[engine.address, node] = NodeStream(engine, node, cancel)

        start()
        try:
            yield start
        finally:
            with self._lock:
                left = [self._waiting.pop((engine.address, node), None) for node in nodes]
            for stream in left:
                if stream:
                    stream.dismiss()
                    stream.join()


NODE_PROGRAMS = NodePrograms()
