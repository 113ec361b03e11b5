"""Bringing an image from the engine into every node at once: only the layers that a node lacks travel.

Responsible for who is sent what and by which way it leaves the engine: as a push, which brings the lacking layers
alone, or as an archive, one read of which feeds all nodes with no file in between. Memory is bounded either way.
`pushed_image` and `archive` understand what the engine hands out, `node_stream` what a node is sent.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from devenv.adapters.docker import Engine
from devenv.errors import DevenvError, DiskFullError, ImageError, InterruptedRunError
from devenv.images.formats.archive import ImageArchive, ImageManifest, Layer
from devenv.images.formats.engine_image import EngineImage, layer_bytes
from devenv.images.load.strategy import Transfer, Way, choose, is_worth_warm_up
from devenv.images.nodes.content import NodeContent
from devenv.images.nodes.programs import NODE_PROGRAMS
from devenv.images.nodes.stream import NodeStream
from devenv.images.push.push import PUSHES, NoPush, Push, PushGivenUpError
from devenv.images.push.warm_up import start_warm_up

_TICK = 0.2
_REPORT_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load took."""

    sent_bytes: int
    """Layer bytes, summed over the nodes."""
    sent_layers: int
    unchanged: tuple[str, ...]
    """Nodes that held the image already."""
    seconds: float
    way: Way | None = None
    """How the engine handed the image out; None when every node had it."""


class Source(Protocol):
    """An image on its way out of the engine."""

    def read(self, take: Callable[[Layer], None]) -> ImageManifest:
        """Hand out the layers one by one, then what makes them an image."""


def load(
    engine: Engine,
    reference: str,
    nodes: Sequence[str],
    *,
    progress: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
    expect_changes: bool = False,
    ways: Sequence[Way] = tuple(Way),
) -> LoadReport:
    """Bring an image into nodes (container names); those that hold it already are left alone.

    With `expect_changes` the engine is prepared, after the load and in the background, to hand out what will change
    alone; otherwise that happens when an image is seen to change. `ways` are those that may be taken.

    Raises:
        ImageError: there is no such image, or a node does not answer or refuses it; the others have it then.
        DiskFullError: a node's disk is full.
        InterruptedRunError: `cancel` was set; no node holds a part of the image.
    """
    began = time.monotonic()
    image = EngineImage.inspect(engine, reference)
    job = _Load(engine, image, progress or (lambda _: None), cancel, ways, warm_up=expect_changes)
    with NODE_PROGRAMS.kept(), _TRAFFIC.turn(image, nodes, cancel):
        unchanged = job.run(nodes)
    return LoadReport(
        sent_bytes=sum(stream.sent_bytes for stream in job.streams),
        sent_layers=sum(stream.sent_layers for stream in job.streams),
        unchanged=unchanged,
        seconds=time.monotonic() - began,
        way=job.way,
    )


class _Traffic:
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


_TRAFFIC = _Traffic()


@dataclass
class _Load:
    """One image on its way."""

    engine: Engine
    image: EngineImage
    progress: Callable[[str], None]
    cancel: threading.Event | None
    ways: Sequence[Way]
    warm_up: bool
    way: Way | None = None
    archives: ExitStack = field(default_factory=ExitStack)
    """What the engine has been asked for, ended with the load."""
    begun: Iterator[bytes] | None = None
    """An archive that nobody has read from yet."""
    streams: list[NodeStream] = field(default_factory=list)
    """All that something was sent by."""

    def run(self, nodes: Sequence[str]) -> tuple[str, ...]:
        """Load; returns the nodes that had the image."""
        streams = self._open(nodes)
        with self.pushing() as push, self.archives:
            if push is None:
                # Whatever the nodes lack, it is an archive, and it takes the engine a while to begin one.
                self.begun = self._begin_archive()
            try:
                sizes = self.engine.images.layer_sizes(self.image.id)
                contents = {stream: stream.content() for stream in streams}
            except BaseException:
                _break_off(streams)
                raise
            lacking = {stream: held for stream, held in contents.items() if self.image.id not in held.image_ids}
            had = [stream for stream in streams if stream not in lacking]
            for stream in had:
                stream.dismiss()
                NODE_PROGRAMS.give_back(stream.program)
            if lacking:
                self.transfer(lacking, sizes, push)
        return tuple(stream.node for stream in had)

    @contextmanager
    def pushing(self) -> Iterator[Push | None]:
        """A push, begun while the nodes are asked; None where there can be none, or it cannot be the quicker way."""
        best = choose(Transfer(self.image.size, 0, compressed=self.image.keeps_blobs))
        wanted = Way.PUSH in self.ways and (best is Way.PUSH or Way.ARCHIVE not in self.ways)
        if wanted and self.image.is_tagged and PUSHES.can_reach(self.engine):
            with PUSHES.begin(self.engine, self.image, self.cancel) as push:
                yield push
        else:
            yield None

    def transfer(self, lacking: Mapping[NodeStream, NodeContent], sizes: Sequence[int], push: Push | None) -> None:
        """Send; a node that refuses is sent everything once more: what it held may just have been collected.

        `sizes` are the bytes of the steps of the image's history.
        """
        self._send(lacking, sizes, push)
        failed = [stream for stream in self.streams if stream.error]
        again = [
            stream
            for stream in failed
            if isinstance(stream.error, ImageError) and stream.sent_layers < len(set(self.image.diff_ids))
        ]
        if again:
            second = self._open([stream.node for stream in again])
            self._send(dict.fromkeys(second, NodeContent({}, frozenset())), sizes, None)
            failed = [stream for stream in (*failed, *second) if stream.error and stream not in again]
        for stream in failed:
            if isinstance(stream.error, ImageError | DiskFullError):
                stream.forget()
        if failed:
            raise _failure(self.image, failed)
        if self.warm_up:
            start_warm_up(self.image.reference)

    def _open(self, nodes: Sequence[str]) -> list[NodeStream]:
        # Where an image is known by its configuration, that travels with it; else by what a node need not have.
        proof = "" if self.image.keeps_blobs else self.image.id
        programs = [NODE_PROGRAMS.take(self.engine, node, self.cancel) for node in nodes]
        return [NodeStream(program, self.image.name, proof) for program in programs]

    def _send(self, contents: Mapping[NodeStream, NodeContent], sizes: Sequence[int], push: Push | None) -> None:
        """Read the image once and feed every node; errors of nodes are left in their streams."""
        streams = list(contents)
        self.streams += streams
        tee = _Tee(streams, self.progress)
        held = _held_by_all(list(contents.values()))
        try:
            # First, since the program in the node takes as long to start as a small change takes to come.
            for stream, content in contents.items():
                stream.begin(content.blobs, self.image.id if self.image.keeps_blobs else "")
            source = self._source(held, self._measure(held, sizes), push)
            manifest = source.read(tee.take)
            for stream in streams:
                stream.conclude(manifest)
        except _NobodyListensError:
            pass  # each stream has its error
        except BaseException:
            _break_off(streams)
            raise
        for stream in streams:
            stream.join()
            NODE_PROGRAMS.give_back(stream.program)

    def _source(self, held: Mapping[str, int], transfer: Transfer, push: Push | None) -> Source:
        """The image by the way that is expected to be the quickest."""
        self.warm_up = self.warm_up and is_worth_warm_up(transfer)
        alone = Way.ARCHIVE not in self.ways
        if push and (alone or choose(transfer) is Way.PUSH):
            try:
                source = push.image(held, None if alone else transfer.bound)
            except PushGivenUpError as error:
                PUSHES.give_up(self.engine, error.why)
                self.progress(f"sent as an archive: {error}")
                self.warm_up = error.why is NoPush.COLD and is_worth_warm_up(transfer)
            else:
                self.way, self.warm_up = Way.PUSH, False
                return source
        if push:
            push.refuse()
        self.way = Way.ARCHIVE
        chunks, self.begun = self.begun or self._begin_archive(), None
        return ImageArchive(chunks, self.image.diff_ids, self.image.platform)

    def _begin_archive(self) -> Iterator[bytes]:
        return self.archives.enter_context(closing(self.engine.images.save([self.image.reference], self.cancel)))

    def _measure(self, held: Mapping[str, int], steps: Sequence[int]) -> Transfer:
        sizes = layer_bytes(steps, len(self.image.diff_ids))
        lacking = {digest: size for digest, size in zip(self.image.diff_ids, sizes, strict=True) if digest not in held}
        return Transfer(self.image.size, sum(lacking.values()), compressed=self.image.keeps_blobs)


def _held_by_all(contents: Sequence[NodeContent]) -> dict[str, int]:
    """The blobs that every node has, with their sizes."""
    common = frozenset.intersection(*(content.blobs for content in contents))
    return {digest: contents[0].sizes[digest] for digest in common}


def _break_off(streams: Sequence[NodeStream]) -> None:
    for stream in streams:
        stream.break_off()
    for stream in streams:
        stream.join()


class _NobodyListensError(Exception):
    """Every node has refused: the rest of the archive need not be read."""


class _Tee:
    """Hands each layer to the nodes that lack it."""

    def __init__(self, streams: Sequence[NodeStream], progress: Callable[[str], None]) -> None:
        self._streams = streams
        self._progress = progress
        self._reported = 0

    def take(self, layer: Layer) -> None:
        """Read a layer and pass it on, or leave it unread when no node needs it."""
        if all(stream.is_over for stream in self._streams):
            raise _NobodyListensError
        receivers = [stream for stream in self._streams if stream.wants(layer.digest)]
        if not receivers:
            return
        name = layer.digest.removeprefix("sha256:") if layer.digest else f"layer-{uuid.uuid4().hex}"
        for stream in receivers:
            stream.begin_layer(name, layer.size)
        for chunk in layer.chunks:
            for stream in receivers:
                stream.feed(chunk)
            self._report()
        for stream in receivers:
            stream.end_layer(layer.digest, layer.size)

    def _report(self) -> None:
        sent = sum(stream.sent_bytes for stream in self._streams)
        if sent - self._reported >= _REPORT_BYTES:
            self._reported = sent
            self._progress(f"{sent / 1e6:.0f} MB sent")


def _failure(image: EngineImage, failed: Sequence[NodeStream]) -> DevenvError:
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
