"""Having the engine push an image to devenv, so that it sends only the layers that it is asked for.

An archive holds all layers of an image, and writing it takes the engine as long as the image is big. A push asks first
which layers are known. Responsible for one push and for why it may not be the way; what comes is a `PushedImage`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from devenv.adapters.docker import Engine
from devenv.errors import DevenvError, ImageError, InterruptedRunError
from devenv.images.formats.engine_image import EngineImage
from devenv.images.push.address import PushPlace
from devenv.images.push.endpoint import PushEndpoint
from devenv.images.push.pushed_image import PushedImage
from devenv.images.push.routes import Routes

TAG = "load"
_REACH_SECONDS = 10.0
"""Within which an engine on this machine has asked for the first time."""


class NoPush(StrEnum):
    """Why an image does not come by push."""

    UNREACHABLE = "the engine does not reach this machine"
    COLD = "the engine would compress layers that the nodes have"
    FAILED = "the engine could not push"


class PushGivenUpError(Exception):
    """The image has to come another way."""

    def __init__(self, why: NoPush, cause: str = "") -> None:
        super().__init__(f"{why}: {cause}" if cause else str(why))
        self.why = why


class Push:
    """One push, begun before it is known what of the image is wanted: a small change comes meanwhile."""

    def __init__(
        self,
        routes: Routes,
        engine: Engine,
        image: EngineImage,
        node: str,
        cancel: threading.Event | None,
    ) -> None:
        self._routes = routes
        self._engine = engine
        self._image = image
        self._node = node
        self._cancel = cancel
        self._receiver = PushedImage(image)
        self._pushed = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"push {image.name}", daemon=True)
        self._thread.start()

    def image(self, held: Mapping[str, int], bound: int | None) -> PushedImage:
        """The image without what `held` has, once it has come.

        Raises PushGivenUpError when it has to come another way, InterruptedRunError when cancelled.
        """
        self._receiver.expect(held, bound)
        self._pushed.wait()
        self._raise()
        return self._receiver

    def refuse(self) -> None:
        """The image comes another way: the engine is answered so, and not waited for."""
        self._receiver.refuse()

    def close(self) -> None:
        """Stop when it is still going on, and take away what was made for it."""
        self.refuse()
        self._thread.join()
        self._receiver.close()
        self._raise()

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error:
            raise error

    def _run(self) -> None:
        try:
            with self._routes.place.receiving(self._receiver) as (endpoint, repository):
                self._push_somewhere(endpoint, repository.partition("/")[2])
                self._pushed.set()
        except BaseException as error:  # noqa: BLE001 (raised again where the image is asked for, or at the end)
            self._error = None if self._receiver.unwanted and not isinstance(error, DevenvError) else error
        finally:
            self._pushed.set()

    def _push_somewhere(self, endpoint: PushEndpoint, path: str) -> None:
        """By the first way on which the engine reaches the endpoint."""
        for host in self._routes.hosts(self._engine, self._node):
            repository = f"{host}/{path}"
            self._engine.images.tag(self._image.id, f"{repository}:{TAG}")
            try:
                self._push(endpoint, repository)
            except PushGivenUpError as error:
                if error.why is not NoPush.UNREACHABLE:
                    raise
            else:
                return
            finally:
                self._engine.images.remove([f"{repository}:{TAG}"])
        raise PushGivenUpError(NoPush.UNREACHABLE, self._routes.why_none(self._engine))

    def _push(self, endpoint: PushEndpoint, repository: str) -> None:
        until = time.monotonic() + _REACH_SECONDS
        receiver, cancel = self._receiver, self._cancel

        def stopped() -> bool:
            unreachable = not endpoint.was_asked and time.monotonic() > until
            over = receiver.unwanted or receiver.exceeded or receiver.failure
            return bool(unreachable or over or (cancel and cancel.is_set()))

        try:
            self._engine.images.push(repository, TAG, stopped)
            if not receiver.is_complete():
                self._engine.images.push(repository, TAG, stopped)
                if not receiver.is_complete():
                    raise PushGivenUpError(NoPush.FAILED, "it left out layers")
        except (ImageError, InterruptedRunError) as error:
            if endpoint.bug:
                raise endpoint.bug from error
            if receiver.unwanted:
                return
            if cancel and cancel.is_set():
                raise InterruptedRunError(error.message) from error
            raise self._given_up(endpoint, error) from error

    def _given_up(self, endpoint: PushEndpoint, error: DevenvError) -> PushGivenUpError:
        if self._receiver.exceeded:
            return PushGivenUpError(NoPush.COLD)
        if not endpoint.was_asked:
            return PushGivenUpError(NoPush.UNREACHABLE)
        return PushGivenUpError(NoPush.FAILED, str(self._receiver.failure or error.context.get("cause", error.message)))


class Pushes:
    """The pushes of one run."""

    def __init__(self) -> None:
        self.routes = Routes(PushPlace())

    @contextmanager
    def begin(self, engine: Engine, image: EngineImage, node: str, cancel: threading.Event | None) -> Iterator[Push]:
        """A push of an image, which is over when the context is; `node` is where a relay can be made from."""
        push = Push(self.routes, engine, image, node, cancel)
        try:
            yield push
        except BaseException:
            with contextlib.suppress(DevenvError, PushGivenUpError):  # the first error is the one to tell
                push.close()
            raise
        push.close()
