"""The warm-up of an engine: it computes the digests of an image's layers, in the background.

An engine that keeps layers unpacked has to compress a layer before it knows the digest by which a push asks whether it
is needed. That takes one core many seconds for a big image, so the first load comes as an archive and does not wait for
it. Once known the engine keeps the digests, and every later load takes what has changed alone. Run as a program of its
own, since the command that loads ends long before: `python -m devenv.images.push.warm_up REFERENCE NODE`. It pushes
the image to an endpoint that keeps nothing, and ends with the push.
"""

from __future__ import annotations

import fcntl
import signal
import sys
import threading
import time

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import host_state_dir
from devenv.adapters.process import start_module
from devenv.errors import ImageError
from devenv.images.formats.engine_image import EngineImage
from devenv.images.push.address import PushPlace
from devenv.images.push.blob_spool import Blob
from devenv.images.push.push import TAG
from devenv.images.push.routes import Routes

_SECONDS = 600.0
"""An image that takes longer is not worth it; layers that are done are known nevertheless."""


def start_warm_up(reference: str, node: str) -> None:
    """Start it and go on. Its last words are in the state folder's `push/warm-up.log`."""
    start_module(__name__, reference, node, log=host_state_dir("push") / "warm-up.log")


def warm_up(engine: Engine, reference: str, node: str, cancel: threading.Event | None = None) -> None:
    """Push an image to a receiver that discards it; raises ImageError, and InterruptedRunError when stopped.

    `node` is a container of the engine, for where it does not reach this machine.
    """
    image = EngineImage.inspect(engine, reference)
    until = time.monotonic() + _SECONDS
    routes = Routes(PushPlace())

    def stopped() -> bool:
        return time.monotonic() > until or bool(cancel and cancel.is_set())

    with routes.kept(), routes.place.receiving(_Discard()) as (endpoint, direct):
        for host in routes.hosts(engine, node):
            repository = f"{host}/{direct.partition('/')[2]}"
            engine.images.tag(image.id, f"{repository}:{TAG}")
            try:
                engine.images.push(repository, TAG, stopped)
            except ImageError:
                if endpoint.was_asked:
                    raise
            else:
                return
            finally:
                engine.images.remove([f"{repository}:{TAG}"])
        raise ImageError("the engine does not reach this machine", context={"cause": routes.why_none(engine)})


class _Discard:
    """Receives an image and keeps nothing of it; what the engine knows already it need not send."""

    def size_of(self, digest: str) -> int | None:  # noqa: ARG002 (every blob alike)
        return 1

    def begin(self) -> Blob:
        """It is hashed, to tell damage from success, and dropped."""
        return Blob(keep=False)

    def write(self, blob: Blob, chunk: bytes) -> None:
        blob.write(chunk)

    def take_blob(self, digest: str, blob: Blob) -> None:
        """Nothing is kept."""

    def take_manifest(self, data: bytes, media_type: str) -> None:
        """Nothing is kept."""


def main() -> None:
    """Warm up for one image; ends at once when another run of this program is at work."""
    cancel = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: cancel.set())
    with (host_state_dir("push") / "warm-up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # one core at a time is enough; the next change of this image starts it again
        engine = Engine.connect()
        warm_up(engine, sys.argv[1], sys.argv[2], cancel)
        engine.close()


if __name__ == "__main__":
    main()
