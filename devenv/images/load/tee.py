"""One reading of an image for several nodes: each is fed the layers that it lacks."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from devenv.images.formats.archive import Layer
from devenv.images.nodes.stream import NodeStream

_REPORT_BYTES = 16 << 20


class NobodyListensError(Exception):
    """Every node has refused: the rest of the archive need not be read."""


class Tee:
    """Hands each layer to the nodes that lack it."""

    def __init__(self, streams: Sequence[NodeStream], progress: Callable[[str], None]) -> None:
        self._streams = streams
        self._progress = progress
        self._reported = 0

    def take(self, layer: Layer) -> None:
        """Read a layer and pass it on, or leave it unread when no node needs it."""
        if all(stream.is_over for stream in self._streams):
            raise NobodyListensError
        takers = [stream for stream in self._streams if stream.wants(layer.digest)]
        if not takers:
            return
        name = layer.digest.removeprefix("sha256:") if layer.digest else f"layer-{uuid.uuid4().hex}"
        for stream in takers:
            stream.begin_layer(name, layer.size)
        for chunk in layer.chunks:
            for stream in takers:
                stream.feed(chunk)
            self._report()
        for stream in takers:
            stream.end_layer(layer.digest, layer.size)

    def _report(self) -> None:
        sent = sum(stream.sent_bytes for stream in self._streams)
        if sent - self._reported >= _REPORT_BYTES:
            self._reported = sent
            self._progress(f"{sent / 1e6:.0f} MB sent")
