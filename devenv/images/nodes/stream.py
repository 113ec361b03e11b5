"""One node's side of a load: a program in the node says what is there and takes what is not.

Responsible for what this node is sent: a partial image layout, streamed into its containerd. The stream is a tar
of an OCI layout whose index comes last: one that breaks off before it is refused by the node, so there is no half
image. Telling and taking are one program since starting one in a node takes longer than most of what it does; it
can take one image after the other, because containerd's importer reads no further than the end of a tar.
"""

from __future__ import annotations

import threading

from devenv.adapters.docker import Engine
from devenv.adapters.process import NO_SPACE
from devenv.errors import CommandFailedError, DevenvError, DiskFullError, ImageError
from devenv.images.formats.archive import ImageManifest
from devenv.images.formats.oci import LAYOUT_FILE, TAR_END, index_file, tar_file, tar_header, tar_padding
from devenv.images.nodes.content import INVENTORY, NodeContent, node_failed
from devenv.images.nodes.program import NodeProgram
from devenv.labels import LABEL_ENGINE_ID

_INVENTORY_SECONDS = 30.0
_LISTED, _TAKEN, _NOTHING = "listed", "taken", "-"
_TAKE = f"""{INVENTORY}
known=${{XDG_RUNTIME_DIR:-/run}}/devenv-import-option
if [ ! -e $known ]; then
  ctr images import --help | grep -o -m 1 -w -e --local > $known.$$ || true
  mv $known.$$ $known
fi
read -r local < $known || local=
while read -r name proof; do
  inventory "$name" "$proof"
  echo {_LISTED}
  read -r engine_id || exit 0
  [ "$engine_id" != {_NOTHING} ] || continue
  ctr --namespace=k8s.io images import $local --all-platforms -
  [ -z "$engine_id" ] || ctr --namespace=k8s.io images label "$name" {LABEL_ENGINE_ID}="$engine_id"
  echo {_TAKEN}
done
"""
"""From containerd 2 on, ctr has the server import by default, which does not accept partial layouts; whether it has
the option against that is asked once in a node's life. Where a node has the image the answer to what it holds is that
nothing comes. Each program that the shell starts takes some milliseconds of a core, in every node."""
_FORGET = """
ctr --namespace=k8s.io images rm "$1" || true
shift
for layer in "$@"; do
  grep -sF "/tar-$layer" /var/lib/containerd/io.containerd.content.v1.content/ingest/*/ref -l |
    while read -r ref; do rm -r "${ref%/ref}"; done
done
"""
"""Containerd keeps an unfinished layer for a day, so that it may be continued; a full disk needs the room."""


def start_program(engine: Engine, node: str, cancel: threading.Event | None) -> NodeProgram:
    """A program in a node, for one NodeStream after the other."""
    return NodeProgram(engine, node, ["sh", "-c", _TAKE], cancel)


class NodeStream:
    """One image on its way into one node."""

    def __init__(self, program: NodeProgram, name: str, proof: str = "") -> None:
        """Ask what the node holds.

        Args:
            program: one that serves nobody else.
            name: the full name of the image that is to be loaded.
            proof: a blob that the node must have if it has the image; empty when none is known.
        """
        self.program = program
        self.sent_bytes = 0
        self.sent_layers = 0
        self.error: DevenvError | None = None
        self._name = name
        self._blobs: set[str] = set()
        self._lines: list[str] = []
        self._layers: list[str] = []
        self._listed = threading.Event()
        self._settled = threading.Event()
        program.serve(self._on_line, self._end)
        program.put(f"{name} {proof}\n".encode())

    @property
    def node(self) -> str:
        return self.program.node

    def content(self) -> NodeContent:
        """What the node holds; raises ImageError when it does not answer, InterruptedRunError when cancelled."""
        if not self._listed.wait(_INVENTORY_SECONDS):
            self.break_off()
            raise ImageError(f"node {self.node} does not answer within {_INVENTORY_SECONDS:.0f} s")
        if self.error:
            raise self.error
        return NodeContent.parse(self._lines)

    def begin(self, held: frozenset[str], engine_id: str = "") -> None:
        """Start the image. `held` are the blobs that need not be sent; the node notes `engine_id` when it is given."""
        self._blobs = set(held)
        self.program.put(f"{engine_id}\n".encode())
        self.program.put(tar_file("oci-layout", LAYOUT_FILE))

    @property
    def is_over(self) -> bool:
        """Whether the node has stopped listening."""
        return self.program.is_over

    def wants(self, digest: str | None) -> bool:
        """Whether a layer has to be sent; one that is not known has to."""
        return not self.is_over and (digest is None or digest not in self._blobs)

    def begin_layer(self, name: str, size: int) -> None:
        """Announce a layer. Its file's name does not matter to the node, which computes the digest."""
        self._layers.append(f"blobs/sha256/{name}")
        self.program.put(tar_header(self._layers[-1], size))
        self.sent_layers += 1

    def feed(self, chunk: bytes) -> None:
        """Send a part of the announced layer; nothing when this node has failed."""
        self.program.put(chunk)
        self.sent_bytes += len(chunk)

    def end_layer(self, digest: str | None, size: int) -> None:
        """The announced layer is complete."""
        self.program.put(tar_padding(size))
        if digest:
            self._blobs.add(digest)

    def conclude(self, image: ImageManifest) -> None:
        """Send what makes the layers an image."""
        for digest, data in image.blobs():
            self.program.put(tar_file(f"blobs/sha256/{digest.removeprefix('sha256:')}", data))
        self.program.put(tar_file("index.json", index_file(image.descriptor, self._name)) + TAR_END)

    def dismiss(self) -> None:
        """Send nothing: the node has it all."""
        self.program.put(f"{_NOTHING}\n".encode())
        self._settled.set()

    def break_off(self) -> None:
        """End without an image: the source has failed or the run was stopped."""
        self.program.break_off(f"load {self._name} into {self.node}")

    def join(self) -> None:
        """Wait until the node has taken the image or refused it; `error` says which."""
        self._settled.wait()
        if self.is_over:
            self.program.join()

    def forget(self) -> None:
        """Take from the node what a failed import may have left: the image's name, unfinished layers."""
        argv = ["sh", "-c", _FORGET, "sh", self._name, *self._layers]
        self.program.engine.containers.exec(self.node, argv, check=False)

    def _on_line(self, line: str) -> None:
        if line == _TAKEN:
            self._settled.set()
        elif line == _LISTED:
            self._listed.set()
        elif not self._listed.is_set():
            self._lines.append(line)

    def _end(self) -> None:
        if self._settled.is_set():
            return  # what becomes of the program then is no matter of this load
        error = self.program.error
        self.error = self._refused(error) if isinstance(error, CommandFailedError) else error
        self._listed.set()
        self._settled.set()

    def _refused(self, error: CommandFailedError) -> DevenvError:
        what = f"load {self._name} into {self.node}"
        if NO_SPACE in error.output:
            return DiskFullError(
                f"{what}: the node's disk is full", context=error.context, hint="make room: docker system df"
            )
        if not self._listed.is_set() or "is not running" in error.output or "No such container" in error.output:
            return node_failed(self.node, error)
        return ImageError(f"{what}: the node refused the image", context=error.context)
