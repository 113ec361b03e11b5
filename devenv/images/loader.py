"""Bringing an image from the engine into every node at once: only the layers that a node lacks travel.

One read of the engine's archive feeds all nodes, with no file in between and bounded memory. Responsible for
who is sent what; `archive` understands what the engine writes, `node_stream` what a node is sent.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from devenv.adapters.docker import Engine
from devenv.adapters.image_reference import normalise
from devenv.errors import DevenvError, DiskFullError, ImageError, InterruptedRunError
from devenv.images.archive import ImageArchive, Layer
from devenv.images.node_content import NodeContent, read_content
from devenv.images.node_stream import NodeStream
from devenv.images.oci import Platform

_TICK = 0.2
_TOLD_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load took."""

    sent_bytes: int
    """Layer bytes, summed over the nodes."""
    sent_layers: int
    unchanged: tuple[str, ...]
    """Nodes that held the image already."""
    seconds: float


@dataclass(frozen=True, slots=True)
class _Image:
    reference: str
    name: str
    """As the nodes know it."""
    id: str
    diff_ids: tuple[str, ...]
    platform: Platform


def load(
    engine: Engine,
    reference: str,
    nodes: Sequence[str],
    *,
    progress: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
) -> LoadReport:
    """Bring an image into nodes (container names); those that hold it already are left alone.

    Raises:
        ImageError: there is no such image, or a node does not answer or refuses it; the others have it then.
        DiskFullError: a node's disk is full.
        InterruptedRunError: `cancel` was set; no node holds a part of the image.
    """
    began = time.monotonic()
    image = _inspect(engine, reference)
    with _TRAFFIC.turn(image, nodes, cancel):
        contents = _contents(engine, nodes, image, cancel)
        lacking = {node: content for node, content in contents.items() if image.id not in content.image_ids}
        streams = _transfer(engine, image, lacking, progress, cancel) if lacking else []
    return LoadReport(
        sent_bytes=sum(stream.sent_bytes for stream in streams),
        sent_layers=sum(stream.sent_layers for stream in streams),
        unchanged=tuple(node for node in nodes if node not in lacking),
        seconds=time.monotonic() - began,
    )


class _Traffic:
    """Who is being sent which layers: loads that share a layer follow each other, so that it travels once."""

    def __init__(self) -> None:
        self._moving: list[frozenset[tuple[str, str]]] = []
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, image: _Image, nodes: Sequence[str], cancel: threading.Event | None) -> Iterator[None]:
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


_TRAFFIC = _Traffic()


def _inspect(engine: Engine, reference: str) -> _Image:
    found = engine.inspect_image(reference)
    return _Image(
        reference,
        normalise(reference),
        found["Id"],
        tuple(found["RootFS"].get("Layers") or ()),
        Platform(found["Os"], found["Architecture"]),
    )


def _contents(
    engine: Engine, nodes: Sequence[str], image: _Image, cancel: threading.Event | None
) -> Mapping[str, NodeContent]:
    if not nodes:
        return {}
    with ThreadPoolExecutor(len(nodes)) as pool:
        asked = {node: pool.submit(read_content, engine, node, image.name, cancel) for node in nodes}
    return {node: answer.result() for node, answer in asked.items()}


def _transfer(
    engine: Engine,
    image: _Image,
    lacking: Mapping[str, NodeContent],
    progress: Callable[[str], None] | None,
    cancel: threading.Event | None,
) -> list[NodeStream]:
    """Send; a node that refuses is sent everything once more: what it held may just have been collected."""
    first = _send(engine, image, {node: content.blobs for node, content in lacking.items()}, progress, cancel)
    failed = [stream for stream in first if stream.error]
    again = [
        stream
        for stream in failed
        if isinstance(stream.error, ImageError) and stream.sent_layers < len(set(image.diff_ids))
    ]
    second = _send(engine, image, {stream.node: frozenset() for stream in again}, progress, cancel)
    failed = [stream for stream in (*failed, *second) if stream.error and stream not in again]
    for stream in failed:
        if isinstance(stream.error, ImageError | DiskFullError):
            stream.forget()
    if failed:
        raise _failure(image, failed)
    return [*first, *second]


def _send(
    engine: Engine,
    image: _Image,
    known: Mapping[str, frozenset[str]],
    progress: Callable[[str], None] | None,
    cancel: threading.Event | None,
) -> list[NodeStream]:
    """Read the engine's archive once and feed every node; errors of nodes are left in their streams."""
    streams = [NodeStream(engine, node, image.name, blobs, cancel) for node, blobs in known.items()]
    if not streams:
        return []
    tee = _Tee(streams, progress)
    try:
        archive = ImageArchive(engine.save([image.reference], cancel), image.diff_ids, image.platform)
        manifest = archive.read(tee.take)
    except _NobodyListensError:
        manifest = None
    except BaseException:
        for stream in streams:
            stream.break_off()
        for stream in streams:
            stream.join()
        raise
    for stream in streams:
        if manifest:
            stream.conclude(manifest)
    for stream in streams:
        stream.join()
    return streams


class _NobodyListensError(Exception):
    """Every node has refused: the rest of the archive need not be read."""


class _Tee:
    """Hands each layer to the nodes that lack it."""

    def __init__(self, streams: Sequence[NodeStream], progress: Callable[[str], None] | None) -> None:
        self._streams = streams
        self._progress = progress
        self._told = 0

    def take(self, layer: Layer) -> None:
        """Read a layer and pass it on, or leave it unread when no node needs it."""
        if all(stream.is_over for stream in self._streams):
            raise _NobodyListensError
        takers = [stream for stream in self._streams if stream.wants(layer.digest)]
        if not takers:
            return
        name = layer.digest.removeprefix("sha256:") if layer.digest else f"layer-{uuid.uuid4().hex}"
        for stream in takers:
            stream.begin_layer(name, layer.size)
        for chunk in layer.chunks:
            for stream in takers:
                stream.feed(chunk)
            self._tell()
        for stream in takers:
            stream.end_layer(layer.digest, layer.size)

    def _tell(self) -> None:
        sent = sum(stream.sent_bytes for stream in self._streams)
        if self._progress and sent - self._told >= _TOLD_BYTES:
            self._told = sent
            self._progress(f"{sent / 1e6:.0f} MB sent")


def _failure(image: _Image, failed: Sequence[NodeStream]) -> DevenvError:
    """The error of the one node that failed, or one for all of them."""
    errors = {stream.node: stream.error for stream in failed if stream.error}
    first, *others = errors.values()
    if not others:
        return first
    return type(first)(
        f"load {image.name}: {len(errors)} nodes did not take it",
        context={node: error.message for node, error in errors.items()} | first.context,
        hint=first.hint,
    )
