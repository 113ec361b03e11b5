"""One node's side of a load: one program in the node, which tells what is there and takes what is not.

Responsible for what this node is sent: a partial image layout, streamed into its containerd. The stream is a tar
of an OCI layout whose index comes last: one that breaks off before it is refused by the node, so there is no half
image. Telling and taking are one program since starting one in a node takes longer than most of what it does.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Iterator

from devenv.adapters.docker import Engine
from devenv.errors import CommandFailedError, DevenvError, DiskFullError, ImageError, InterruptedRunError
from devenv.images.archive import ImageManifest
from devenv.images.node_content import ENGINE_ID, INVENTORY, NodeContent, node_failed
from devenv.images.oci import LAYOUT_FILE, TAR_END, index_file, tar_file, tar_header, tar_padding

_QUEUED_CHUNKS = 4
_SECONDS = 2400.0
_WAITING_SECONDS = 600.0
"""A program that has waited for longer is not asked any more: it has less than half an hour left."""
_INVENTORY_SECONDS = 30.0
_TICK = 0.2
_TOLD = "told"
_TAKE = f"""{INVENTORY}
known=/run/devenv-import-option
if [ ! -e $known ]; then
  ctr images import --help | grep -o -m 1 -w -e --local > $known.$$ || true
  mv $known.$$ $known
fi
read -r local < $known || local=
read -r name proof || exit 0
inventory "$name" "$proof"
echo {_TOLD}
read -r engine_id || exit 0
ctr --namespace=k8s.io images import $local --all-platforms -
if [ "$engine_id" ]; then
  ctr --namespace=k8s.io images label "$name" {ENGINE_ID}="$engine_id"
fi
"""
"""From containerd 2 on, ctr has the server import by default, which does not accept partial layouts; whether it has
the option against that is asked once in a node's life. When nothing is to be asked, or sent, the input ends without
another line. Each program that the shell starts takes some milliseconds of a core, in every node."""
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

    def __init__(self, engine: Engine, node: str, cancel: threading.Event | None) -> None:
        """Start the program, which waits until it is asked; it ends when `cancel` is set."""
        self.node = node
        self.cancel = cancel
        self.sent_bytes = 0
        self.sent_layers = 0
        self._engine = engine
        self._started = time.monotonic()
        self._name = ""
        self._blobs: set[str] = set()
        self._queue: queue.Queue[bytes | None] = queue.Queue(_QUEUED_CHUNKS)
        self._lines: list[str] = []
        self._told = threading.Event()
        self._over = threading.Event()
        self._broken = False
        self._layers: list[str] = []
        self.error: DevenvError | None = None
        self._bug: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=f"load into {node}", daemon=True)
        self._thread.start()

    @property
    def is_fresh(self) -> bool:
        """Whether it runs, and will for as long as a load may take."""
        return not self.is_over and time.monotonic() - self._started < _WAITING_SECONDS

    def ask(self, name: str, proof: str = "") -> None:
        """Have it tell what the node holds.

        Args:
            name: the full name of the image that is to be loaded.
            proof: a blob that the node must have if it has the image; empty when none is known.
        """
        self._name = name
        self._put(f"{name} {proof}\n".encode())

    def content(self) -> NodeContent:
        """What the node holds; raises ImageError when it does not answer, InterruptedRunError when cancelled."""
        if not self._told.wait(_INVENTORY_SECONDS):
            self.break_off()
            raise ImageError(f"node {self.node} does not answer within {_INVENTORY_SECONDS:.0f} s")
        if self.error:
            raise self.error
        return NodeContent.parse(self._lines)

    def begin(self, held: frozenset[str], engine_id: str = "") -> None:
        """Start the image. `held` are the blobs that need not be sent; the node notes `engine_id` when it is given."""
        self._blobs = set(held)
        self._put(f"{engine_id}\n".encode())
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

    def dismiss(self) -> None:
        """End without sending anything: the node has it all."""
        self._put(None)

    def break_off(self) -> None:
        """End without an image: the source has failed or the run was stopped."""
        self._broken = True
        self._put(None)

    def join(self) -> None:
        """Wait until the node has taken the image or refused it; `error` tells which."""
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
        if self._broken:
            raise InterruptedRunError(f"stopped: load {self._name} into {self.node}")

    def _end(self) -> None:
        """The program has ended: nobody reads any more, and who waits for something to send need not."""
        self._over.set()
        with contextlib.suppress(queue.Full):  # then there is something, and sending it fails
            self._queue.put_nowait(None)

    def _hear(self, line: str) -> None:
        if line == _TOLD:
            self._told.set()
        elif not self._told.is_set():
            self._lines.append(line)

    def _run(self) -> None:
        try:
            self._engine.exec(
                self.node,
                ["sh", "-c", _TAKE],
                self._chunks(),
                timeout=_SECONDS,
                cancel=self.cancel,
                on_line=self._hear,
                on_end=self._end,
            )
        except CommandFailedError as error:
            self.error = self._refused(error)
        except DevenvError as error:
            self.error = error
        except BaseException as error:  # noqa: BLE001 (raised again in `join`)
            self._bug = error
        finally:
            self._over.set()
            self._told.set()

    def _refused(self, error: CommandFailedError) -> DevenvError:
        what = f"load {self._name} into {self.node}"
        if _NO_SPACE in error.output:
            return DiskFullError(
                f"{what}: the node's disk is full", context=error.context, hint="make room: docker system df"
            )
        if not self._told.is_set() or "is not running" in error.output or "No such container" in error.output:
            return node_failed(self.node, error)
        return ImageError(f"{what}: the node refused the image", context=error.context)

    def forget(self) -> None:
        """Take from the node what a failed import may have left: the image's name, unfinished layers."""
        self._engine.exec(self.node, ["sh", "-c", _FORGET, "sh", self._name, *self._layers], check=False)
