"""One node's side of a load: a partial image layout, streamed into the node's containerd.

Responsible for what this node is sent. The stream is a tar of an OCI layout whose index comes last: one that
breaks off before it is refused by the node, so there is no half image.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

from devenv.adapters.docker import Engine
from devenv.errors import CommandFailedError, DevenvError, DiskFullError, ImageError, InterruptedRunError
from devenv.images.archive import ImageManifest
from devenv.images.node_content import node_failed
from devenv.images.oci import LAYOUT_FILE, TAR_END, index_file, tar_file, tar_header, tar_padding

_QUEUED_CHUNKS = 4
_SECONDS = 1800.0
_TICK = 0.2
_IMPORT = """
local=
if ctr images import --help | grep -q -e --local; then local=--local; fi
exec ctr --namespace=k8s.io images import $local --all-platforms -
"""
"""From containerd 2 on, ctr has the server import by default, which does not accept partial layouts."""
_FORGET = """
ctr --namespace=k8s.io images rm "$1" || true
shift
for layer in "$@"; do
  grep -sF "/tar-$layer" /var/lib/containerd/io.containerd.content.v1.content/ingest/*/ref -l |
    while read -r ref; do rm -r "${ref%/ref}"; done
done
"""
"""Containerd keeps an unfinished layer for a day, so that it may be continued; a full disk needs the room."""
_NO_SPACE = "no space left on device"


class NodeStream:
    """Feeds one node from a bounded queue, in a thread of its own."""

    def __init__(
        self, engine: Engine, node: str, name: str, blobs: frozenset[str], cancel: threading.Event | None
    ) -> None:
        """`name` is the image's full name, `blobs` is what the node holds already."""
        self.node = node
        self.sent_bytes = 0
        self.sent_layers = 0
        self._engine = engine
        self._name = name
        self._blobs = set(blobs)
        self._cancel = cancel
        self._queue: queue.Queue[bytes | None] = queue.Queue(_QUEUED_CHUNKS)
        self._over = threading.Event()
        self._broken = False
        self._layers: list[str] = []
        self.error: DevenvError | None = None
        self._thread = threading.Thread(target=self._run, name=f"load into {node}", daemon=True)
        self._thread.start()
        self._put(tar_file("oci-layout", LAYOUT_FILE))

    @property
    def is_over(self) -> bool:
        """Whether the node has stopped listening."""
        return self._over.is_set()

    def wants(self, digest: str | None) -> bool:
        """Whether a layer has to be sent; one that is not known has to."""
        return not self.is_over and (digest is None or digest not in self._blobs)

    def begin_layer(self, name: str, size: int) -> None:
        """Announce a layer. Its file's name does not matter to the node, which computes the digest."""
        self._layers.append(f"blobs/sha256/{name}")
        self._put(tar_header(self._layers[-1], size))
        self.sent_layers += 1

    def feed(self, chunk: bytes) -> None:
        """Send a part of the announced layer; nothing when this node has failed."""
        self._put(chunk)
        self.sent_bytes += len(chunk)

    def end_layer(self, digest: str | None, size: int) -> None:
        """The announced layer is complete."""
        self._put(tar_padding(size))
        if digest:
            self._blobs.add(digest)

    def conclude(self, image: ImageManifest) -> None:
        """Send what makes the layers an image."""
        for digest, data in image.blobs():
            self._put(tar_file(f"blobs/sha256/{digest.removeprefix('sha256:')}", data))
        self._put(tar_file("index.json", index_file(image.descriptor, self._name)) + TAR_END)
        self._put(None)

    def break_off(self) -> None:
        """End without an image: the source has failed or the run was stopped."""
        self._broken = True
        self._put(None)

    def join(self) -> None:
        """Wait until the node has taken the image or refused it; `error` tells which."""
        self._thread.join()

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
        if self._broken:
            raise InterruptedRunError(f"stopped: load {self._name} into {self.node}")

    def _run(self) -> None:
        try:
            self._engine.exec(
                self.node,
                ["sh", "-c", _IMPORT],
                self._chunks(),
                timeout=_SECONDS,
                cancel=self._cancel,
            )
        except CommandFailedError as error:
            self.error = self._refused(error)
        except DevenvError as error:
            self.error = error
        finally:
            self._over.set()

    def _refused(self, error: CommandFailedError) -> DevenvError:
        what = f"load {self._name} into {self.node}"
        if _NO_SPACE in error.output:
            return DiskFullError(
                f"{what}: the node's disk is full", context=error.context, hint="make room: docker system df"
            )
        if "is not running" in error.output or "No such container" in error.output:
            return node_failed(self.node, error)
        return ImageError(f"{what}: the node refused the image", context=error.context)

    def forget(self) -> None:
        """Take from the node what a failed import may have left: the image's name, unfinished layers."""
        self._engine.exec(self.node, ["sh", "-c", _FORGET, "sh", self._name, *self._layers], check=False)
