"""Bringing an image from the engine into every node at once: only the layers that a node lacks travel.

Responsible for who is sent what and by which way it leaves the engine: as a push, which brings the lacking layers
alone, or as an archive, one read of which feeds all nodes with no file in between. Memory is bounded either way.
`pushed_image` and `archive` understand what the engine hands out, `node_stream` what a node is sent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from devenv.adapters.docker import Engine
from devenv.images.formats.engine_image import EngineImage
from devenv.images.load.session import LoadSession
from devenv.images.load.strategy import Transport
from devenv.images.load.transfer import Offer, Order, Sent, begin_archive, break_off, open_streams, pushing, transfer
from devenv.images.nodes.content import NodeContent
from devenv.images.nodes.stream import NodeStream


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load took."""

    sent_bytes: int
    """Layer bytes, summed over the nodes."""
    sent_layers: int
    unchanged: tuple[str, ...]
    """Nodes that held the image already."""
    seconds: float
    transport: Transport | None = None
    """How the engine handed the image out; None when every node had it."""


def load(
    engine: Engine,
    reference: str,
    nodes: Sequence[str],
    *,
    progress: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
    session: LoadSession | None = None,
    expect_changes: bool = False,
    transports: Sequence[Transport] = tuple(Transport),
) -> LoadReport:
    """Bring an image into nodes (container names); those that hold it already are left alone.

    Loads beside each other have a `session` in common; without one, a load shares nothing with others.
    With `expect_changes` the engine is prepared, after the load and in the background, to hand out what will change
    alone; otherwise that happens when an image is seen to change. `transports` are those that may be taken.

    Raises:
        ImageError: there is no such image, or a node does not answer or refuses it; the others have it then.
        DiskFullError: a node's disk is full.
        InterruptedRunError: `cancel` was set; no node holds a part of the image.
    """
    began = time.monotonic()
    session = session or LoadSession()
    image = EngineImage.inspect(engine, reference)
    order = Order(session, engine, image, transports, progress or (lambda _: None), cancel)
    with session.kept(), session.traffic.turn(image, nodes, cancel), ExitStack() as asked:
        streams = open_streams(order, nodes)
        push = asked.enter_context(pushing(order, nodes[0]))
        # Without a push it is an archive, whatever the nodes lack, and it takes the engine a while to begin one.
        offer = Offer(push, None if push else begin_archive(order, asked))
        contents, steps = _look(order, streams)
        lacking = {stream: held for stream, held in contents.items() if image.id not in held.image_ids}
        had = [stream for stream in streams if stream not in lacking]
        for stream in had:
            stream.dismiss()
            session.programs.give_back(stream.program)
        sent = transfer(order, lacking, steps, offer, asked, warm_up=expect_changes) if lacking else Sent()
    return LoadReport(
        sent_bytes=sum(stream.sent_bytes for stream in sent.streams),
        sent_layers=sum(stream.sent_layers for stream in sent.streams),
        unchanged=tuple(stream.node for stream in had),
        seconds=time.monotonic() - began,
        transport=sent.transport,
    )


def _look(order: Order, streams: Sequence[NodeStream]) -> tuple[dict[NodeStream, NodeContent], Sequence[int]]:
    """What the nodes hold, and the bytes of the steps of the image's history."""
    try:
        steps = order.engine.images.layer_sizes(order.image.id)
        return {stream: stream.content() for stream in streams}, steps
    except BaseException:
        break_off(streams)
        raise
