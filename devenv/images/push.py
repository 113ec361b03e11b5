"""Having the engine push an image to devenv, so that it sends only the layers that it is asked for.

An archive holds all layers of an image, and writing it takes the engine as long as the image is big. A push asks first
which layers are known. Responsible for one push and for why it may not be the way; what comes is a `PushedImage`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from devenv.adapters.docker import Engine
from devenv.errors import ImageError, InterruptedRunError
from devenv.images.engine_image import EngineImage
from devenv.images.push_address import PushPlace
from devenv.images.push_endpoint import PushEndpoint
from devenv.images.pushed_image import PushedImage

TAG = "load"
_REACH_SECONDS = 10.0
"""Within which an engine on this machine has asked for the first time."""


class NoPush(StrEnum):
    """Why an image does not come by push."""

    UNREACHABLE = "the engine does not reach this machine's loopback"
    UNTAUGHT = "the engine would compress layers that the nodes have"
    FAILED = "the engine could not push"


class PushGivenUpError(Exception):
    """The image has to come another way."""

    def __init__(self, why: NoPush, cause: str = "") -> None:
        super().__init__(f"{why}: {cause}" if cause else str(why))
        self.why = why


class Pushes:
    """The pushes of one process."""

    def __init__(self) -> None:
        self._place = PushPlace()
        self._unreachable: set[str] = set()

    def can_reach(self, engine: Engine) -> bool:
        """Whether a push from this engine may arrive: it is on this machine and has not failed to yet."""
        return engine.is_local and engine.address not in self._unreachable

    @contextmanager
    def receive(
        self,
        engine: Engine,
        image: EngineImage,
        held: Mapping[str, int],
        bound: int | None,
        cancel: threading.Event | None,
    ) -> Iterator[PushedImage]:
        """An image by push, without what `held` has; raises PushGivenUpError, InterruptedRunError when cancelled."""
        receiver = PushedImage(image, held, bound)
        try:
            with self._place.receiving(receiver) as (endpoint, repository):
                tagged = f"{repository}:{TAG}"
                engine.tag(image.id, tagged)
                try:
                    self._push(engine, receiver, endpoint, repository, cancel)
                    yield receiver
                finally:
                    engine.remove_images([tagged])
        finally:
            receiver.close()

    def _push(
        self,
        engine: Engine,
        receiver: PushedImage,
        endpoint: PushEndpoint,
        repository: str,
        cancel: threading.Event | None,
    ) -> None:
        until = time.monotonic() + _REACH_SECONDS

        def stopped() -> bool:
            unheard = not endpoint.was_asked and time.monotonic() > until
            return bool(unheard or receiver.exceeded or receiver.failure or (cancel and cancel.is_set()))

        try:
            engine.push(repository, TAG, stopped)
            if not receiver.is_complete():
                engine.push(repository, TAG, stopped)
                if not receiver.is_complete():
                    raise PushGivenUpError(NoPush.FAILED, "it left out layers")
        except (ImageError, InterruptedRunError) as error:
            if endpoint.bug:
                raise endpoint.bug from error
            if cancel and cancel.is_set():
                raise InterruptedRunError(error.message) from error
            if receiver.exceeded:
                raise PushGivenUpError(NoPush.UNTAUGHT) from error
            if not endpoint.was_asked:
                self._unreachable.add(engine.address)
                raise PushGivenUpError(NoPush.UNREACHABLE) from error
            cause = str(receiver.failure or error.context.get("cause", error.message))
            raise PushGivenUpError(NoPush.FAILED, cause) from error


PUSHES = Pushes()
