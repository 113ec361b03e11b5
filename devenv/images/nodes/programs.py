"""Programs that wait in nodes for something to load, so that a load does not begin by starting them.

Starting a program in a node takes as long as a small change takes to arrive. Who loads several images, as `devenv up`
does, keeps those that have served for the next load; who loads again and again, as `devenv dev` does, has one waiting
in each node from the beginning. A load starts its own where none waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from devenv.adapters.docker import Engine
from devenv.images.nodes.program import NodeProgram
from devenv.images.nodes.stream import start_program


class NodePrograms:
    """The waiting programs of one run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[NodeProgram] = []
        self._keepers = 0

    def take(self, engine: Engine, node: str, cancel: threading.Event | None) -> NodeProgram:
        """A program in a node that serves nobody; it ends when `cancel` is set. To be given back after the load."""
        with self._lock:
            found = self._find(engine, node, cancel)
            if found:
                self._waiting.remove(found)
        return found or start_program(engine, node, cancel)

    def give_back(self, program: NodeProgram) -> None:
        """Have a program wait for the next load where somebody keeps such; else it ends."""
        with self._lock:
            is_kept = self._keepers > 0 and program.is_fresh
            if is_kept:
                self._waiting.append(program)
        if not is_kept:
            _end([program])

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Programs that have served wait for the next load while the body runs; the last such body ends them."""
        with self._lock:
            self._keepers += 1
        try:
            yield
        finally:
            with self._lock:
                self._keepers -= 1
                left = [] if self._keepers else self._waiting
                if left:
                    self._waiting = []
            _end(left)

    @contextmanager
    def kept_waiting(
        self, engine: Engine, nodes: Sequence[str], cancel: threading.Event | None
    ) -> Iterator[Callable[[], None]]:
        """As `kept`, with a program in each node from the beginning; what is yielded replaces those that are gone."""

        def start() -> None:
            with self._lock:
                for node in nodes:
                    if self._find(engine, node, cancel) is None:
                        self._waiting.append(start_program(engine, node, cancel))

        with self.kept():
            start()
            yield start

    def _find(self, engine: Engine, node: str, cancel: threading.Event | None) -> NodeProgram | None:
        """One that can serve; those that no longer can are let go."""
        for program in [program for program in self._waiting if not program.is_fresh]:
            self._waiting.remove(program)
            program.end()
        for program in self._waiting:
            if (program.engine.address, program.node) == (engine.address, node) and program.cancel is cancel:
                return program
        return None


def _end(programs: Sequence[NodeProgram]) -> None:
    for program in programs:
        program.end()
    for program in programs:
        program.join()
