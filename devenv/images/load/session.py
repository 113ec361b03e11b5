"""What the loads of one run share: whose turn it is, the programs that wait in nodes, and how an engine pushes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from devenv.adapters.docker import Engine
from devenv.errors import InterruptedRunError
from devenv.images.formats.engine_image import EngineImage
from devenv.images.nodes.programs import NodePrograms
from devenv.images.push.push import Pushes

_TICK = 0.2


class LoadSession:
    """Made by whoever loads; images that are loaded side by side need the same one."""

    def __init__(self) -> None:
        self.programs = NodePrograms()
        self.traffic = Traffic()
        self.pushes = Pushes()

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What a load has begun in nodes and in the engine serves the next load too while the body runs."""
        with self.programs.kept(), self.pushes.routes.kept():
            yield

    @contextmanager
    def kept_waiting(
        self, engine: Engine, nodes: Sequence[str], cancel: threading.Event | None
    ) -> Iterator[Callable[[], None]]:
        """As `kept`, with a program in each node from the beginning; what is yielded replaces those that are gone."""
        with self.pushes.routes.kept(), self.programs.kept_waiting(engine, nodes, cancel) as make_ready:
            yield make_ready


class Traffic:
    """Who is being sent which layers: loads that share a layer follow each other, so that it travels once."""

    def __init__(self) -> None:
        self._moving: list[frozenset[tuple[str, str]]] = []
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, image: EngineImage, nodes: Sequence[str], cancel: threading.Event | None) -> Iterator[None]:
        """Wait until no other load sends one of the image's layers to one of the nodes."""
        mine = frozenset((node, digest) for node in nodes for digest in image.diff_ids)
        with self._changed:
            while any(mine & others for others in self._moving):
                if cancel and cancel.is_set():
                    raise InterruptedRunError(f"stopped: load {image.name}")
                self._changed.wait(_TICK)  # it cannot wait for the cancel event too
            self._moving.append(mine)
        try:
            yield
        finally:
            with self._changed:
                self._moving.remove(mine)
                self._changed.notify_all()
