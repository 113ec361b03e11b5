"""How what an engine pushes gets here: over this machine's loopback, else through a relay on the engine's own.

An engine in a virtual machine or in a network of its own pushes to a loopback that is not this machine's. Nodes run
where the engine does, and their image has what a relay takes.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from devenv.adapters.docker import Engine
from devenv.adapters.docker.relay import LoopbackRelay
from devenv.errors import ImageError
from devenv.images.push.address import PORTS, PushPlace
from devenv.spec.project import LOOPBACK

_TAKEN = os.strerror(errno.EADDRINUSE)


class Routes:
    """The ways to the endpoint of one place, for pushes of one process."""

    def __init__(self, place: PushPlace) -> None:
        self.place = place
        self._lock = threading.Lock()
        self._elsewhere: set[str] = set()
        """Engines that do not reach this machine's loopback."""
        self._barred: dict[str, str] = {}
        """Engines that no relay leads from either, with the reason."""
        self._relays: dict[str, LoopbackRelay] = {}
        self._keepers = 0

    def may_exist(self, engine: Engine) -> bool:
        """Whether there may be a way from an engine: it has not been found to have none."""
        with self._lock:
            return engine.address not in self._barred

    def why_none(self, engine: Engine) -> str:
        """Why there is no way from an engine; empty where there may be one."""
        with self._lock:
            return self._barred.get(engine.address, "")

    def hosts(self, engine: Engine, node: str) -> Iterator[str]:
        """Where the engine may push to, `127.0.0.1:5000`; asked for the next one, the last is known not to lead here.

        `node` is a container of the engine, whose image a relay is made of.
        """
        with self._lock:
            elsewhere = not engine.is_local or engine.address in self._elsewhere
        if not elsewhere:
            yield f"{LOOPBACK}:{self.place.port}"
            with self._lock:
                self._elsewhere.add(engine.address)
        try:
            yield f"{LOOPBACK}:{self._relay(engine, node).port}"
            reason = "nor through a relay"
        except ImageError as error:
            reason = f"{error.message}: {error.context.get('cause', '')}"
        with self._lock:
            self._barred[engine.address] = reason

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Relays serve the next push too while the body runs; the last such body ends them."""
        with self._lock:
            self._keepers += 1
        try:
            yield
        finally:
            with self._lock:
                self._keepers -= 1
                over = [] if self._keepers else [self._relays.pop(key) for key in list(self._relays)]
            for relay in over:
                relay.close()

    def _relay(self, engine: Engine, node: str) -> LoopbackRelay:
        """The engine's relay, begun where there is none; raises ImageError."""
        with self._lock:
            found = self._relays.get(engine.address)
            if found and not found.is_over:
                return found
            image, labels = engine.containers.image_id(node), engine.containers.own_labels
            # An engine remembers what it has pushed to which port.
            for port in range(self.place.port, self.place.port + PORTS):
                try:
                    made = LoopbackRelay(engine.client, image, port, labels, lambda: self.place.port)
                except ImageError as error:
                    if _TAKEN not in error.context.get("cause", ""):
                        raise
                    taken = error
                    continue
                self._relays[engine.address] = made
                return made
            raise taken
