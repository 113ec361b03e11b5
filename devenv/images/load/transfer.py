"""An image from the engine to the nodes that lack it: which way it takes, and a second try for a node that refuses it.

Responsible for one image whose nodes have been asked what they hold; nothing is kept from one call to the next.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Protocol

from devenv.adapters.docker import Engine
from devenv.errors import DevenvError, DiskFullError, ImageError
from devenv.images.formats.archive import ImageArchive, ImageManifest, Layer
from devenv.images.formats.engine_image import EngineImage, layer_bytes
from devenv.images.load.session import LoadSession
from devenv.images.load.strategy import Transfer, Transport, choose, is_worth_warm_up
from devenv.images.load.tee import NobodyListensError, Tee
from devenv.images.nodes.content import NodeContent
from devenv.images.nodes.stream import NodeStream
from devenv.images.push.push import NoPush, Push, PushGivenUpError
from devenv.images.push.warm_up import start_warm_up


class Source(Protocol):
    """An image on its way out of the engine."""

    def read(self, take: Callable[[Layer], None]) -> ImageManifest:
        """Hand out the layers one by one, then what makes them an image."""


@dataclass(frozen=True, slots=True)
class Order:
    """One image that is wanted in nodes."""

    session: LoadSession
    engine: Engine
    image: EngineImage
    transports: Sequence[Transport]
    progress: Callable[[str], None]
    cancel: threading.Event | None


@dataclass(frozen=True, slots=True)
class Offer:
    """The ways on which the engine has been set already: a push, or an archive that nobody has read from yet."""

    push: Push | None = None
    archive: Iterator[bytes] | None = None


@dataclass(frozen=True, slots=True)
class _Choice:
    """The way by which the image comes."""

    transport: Transport
    source: Source
    warm_up: bool
    """Whether the engine shall learn to hand out what changes alone."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of reading the image once."""

    streams: tuple[NodeStream, ...] = ()
    """All that something was sent by; each has its error."""
    transport: Transport | None = None
    warm_up: bool = False


def open_streams(order: Order, nodes: Sequence[str]) -> list[NodeStream]:
    """A stream to each of some nodes, by a program that waits there where one does."""
    # Where an image is known by its configuration, that travels with it; else by what a node need not have.
    proof = "" if order.image.keeps_blobs else order.image.id
    programs = [order.session.programs.take(order.engine, node, order.cancel) for node in nodes]
    return [NodeStream(program, order.image.name, proof) for program in programs]


@contextmanager
def pushing(order: Order, node: str) -> Iterator[Push | None]:
    """A push, begun while the nodes are asked; None where there can be none, or it cannot be the quicker way."""
    image, pushes = order.image, order.session.pushes
    best = choose(Transfer(image.size, 0, compressed=image.keeps_blobs))
    wanted = Transport.PUSH in order.transports and (
        best is Transport.PUSH or Transport.ARCHIVE not in order.transports
    )
    if wanted and image.is_tagged and pushes.routes.may_exist(order.engine):
        with pushes.begin(order.engine, image, node, order.cancel) as push:
            yield push
    else:
        yield None


def begin_archive(order: Order, asked: ExitStack) -> Iterator[bytes]:
    """Have the engine begin an archive of the image, which ends with `asked`."""
    return asked.enter_context(closing(order.engine.images.save([order.image.reference], order.cancel)))


def transfer(
    order: Order,
    lacking: Mapping[NodeStream, NodeContent],
    steps: Sequence[int],
    offer: Offer,
    asked: ExitStack,
    *,
    warm_up: bool,
) -> Sent:
    """Send; a node that refuses is sent everything once more: what it held may just have been collected."""
    layers = len(set(order.image.diff_ids))
    first = last = _send(order, lacking, steps, offer, asked, warm_up=warm_up)
    refused = [s for s in first.streams if isinstance(s.error, ImageError) and s.sent_layers < layers]
    if refused:
        again = dict.fromkeys(open_streams(order, [stream.node for stream in refused]), NodeContent({}, frozenset()))
        last = _send(order, again, steps, Offer(), asked, warm_up=first.warm_up)
    streams = first.streams if last is first else (*first.streams, *last.streams)
    failed = [stream for stream in streams if stream.error and stream not in refused]
    for stream in failed:
        if isinstance(stream.error, ImageError | DiskFullError):
            stream.forget()
    if failed:
        raise _failure(order.image, failed)
    if last.warm_up:
        start_warm_up(order.image.reference, next(iter(lacking)).node)
    return Sent(streams, last.transport, last.warm_up)


def _send(
    order: Order,
    contents: Mapping[NodeStream, NodeContent],
    steps: Sequence[int],
    offer: Offer,
    asked: ExitStack,
    *,
    warm_up: bool,
) -> Sent:
    """Read the image once and feed every node; errors of nodes are left in their streams."""
    streams = tuple(contents)
    held = _held_by_all(list(contents.values()))
    chosen: _Choice | None = None
    try:
        # First, since the program in the node takes as long to start as a small change takes to come.
        for stream, content in contents.items():
            stream.begin(content.blobs, order.image.id if order.image.keeps_blobs else "")
        chosen = _choose_source(order, held, _measure(order.image, held, steps), offer, asked, warm_up=warm_up)
        manifest = chosen.source.read(Tee(streams, order.progress).take)
        for stream in streams:
            stream.conclude(manifest)
    except NobodyListensError:
        pass  # each stream has its error
    except BaseException:
        break_off(streams)
        raise
    for stream in streams:
        stream.join()
        order.session.programs.give_back(stream.program)
    return Sent(streams, chosen.transport, chosen.warm_up) if chosen else Sent(streams)


def _choose_source(
    order: Order, held: Mapping[str, int], transfer: Transfer, offer: Offer, asked: ExitStack, *, warm_up: bool
) -> _Choice:
    """The image by the way that is expected to be the quickest."""
    image, push = order.image, offer.push
    warm_up = warm_up and is_worth_warm_up(transfer)
    alone = Transport.ARCHIVE not in order.transports
    if push and (alone or choose(transfer) is Transport.PUSH):
        try:
            return _Choice(Transport.PUSH, push.image(held, None if alone else transfer.bound), warm_up=False)
        except PushGivenUpError as error:
            order.progress(f"sent as an archive: {error}")
            warm_up = error.why is NoPush.COLD and is_worth_warm_up(transfer)
    if push:
        push.refuse()
    chunks = offer.archive or begin_archive(order, asked)
    return _Choice(Transport.ARCHIVE, ImageArchive(chunks, image.diff_ids, image.platform), warm_up)


def _measure(image: EngineImage, held: Mapping[str, int], steps: Sequence[int]) -> Transfer:
    sizes = layer_bytes(steps, len(image.diff_ids))
    lacking = {digest: size for digest, size in zip(image.diff_ids, sizes, strict=True) if digest not in held}
    return Transfer(image.size, sum(lacking.values()), compressed=image.keeps_blobs)


def _held_by_all(contents: Sequence[NodeContent]) -> dict[str, int]:
    """The blobs that every node has, with their sizes."""
    common = frozenset.intersection(*(content.blobs for content in contents))
    return {digest: contents[0].sizes[digest] for digest in common}


def break_off(streams: Sequence[NodeStream]) -> None:
    """End streams at once: their nodes keep nothing of the image."""
    for stream in streams:
        stream.break_off()
    for stream in streams:
        stream.join()


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
