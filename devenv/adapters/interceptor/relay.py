"""Leads the connections that come to an interceptor to ports of this machine, byte for byte, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Self

from devenv.adapters.interceptor.frames import Kind, read_frame
from devenv.adapters.interceptor.stream import Pair, Stream
from devenv.spec.project import LOOPBACK

_PAUSE = 0.1
"""Seconds until it is tried again to reach the interceptor: what leads there is begun anew with each pod."""


class Relay:
    """While it is entered, what comes to an interceptor goes to this machine's ports."""

    def __init__(self, control: int, token: str, ports: Mapping[int, int], on_refused: Callable[[int], None]) -> None:
        """A relay.

        Args:
            control: the port of this machine that leads to the interceptor's control port.
            token: that the interceptor lets in.
            ports: those that it listens on, each with one of this machine.
            on_refused: told, in the relay's thread, of a port of this machine where nobody listens: once, until
                somebody has.
        """
        self.ready = threading.Event()
        """Set once the interceptor has let this process in."""
        self._control, self._token, self._ports = control, token, dict(ports)
        self._on_refused = on_refused
        self._refused: set[int] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="relay")
        self._main = self._loop.create_task(self._follow())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._main.cancel)
        self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(self._loop), contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._main)

    async def _follow(self) -> None:
        """One connection to the interceptor after the other."""
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(LOOPBACK, self._control)
                try:
                    await self._serve(reader, writer)
                finally:
                    writer.transport.abort()
            await asyncio.sleep(_PAUSE)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Whatever comes over one connection, to its end."""
        streams: dict[int, Stream] = {}
        try:
            writer.write(self._token.encode())
            while True:
                frame = await read_frame(reader)
                if frame.kind is Kind.READY:
                    self.ready.set()
                elif frame.kind is Kind.OPEN:
                    local = self._ports[frame.port]
                    made = streams[frame.stream] = Stream(frame.stream, writer, partial(self._connect, local))
                    made.task.add_done_callback(partial(_forget, streams, frame.stream))
                elif found := streams.get(frame.stream):
                    # One that is not there has ended here, and this crossed that on its way.
                    found.take(frame)
        except asyncio.IncompleteReadError:
            return
        finally:
            left = [stream.task for stream in streams.values()]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _connect(self, port: int) -> Pair:
        """A connection to a port of this machine; raises OSError."""
        try:
            pair = await _dial(port)
        except OSError:
            if port not in self._refused:
                self._refused.add(port)
                self._on_refused(port)
            raise
        self._refused.discard(port)
        return pair


def _forget(streams: dict[int, Stream], ended: int, _: asyncio.Task[None]) -> None:
    streams.pop(ended, None)


async def _dial(port: int) -> Pair:
    """What is told to listen on `localhost` does so at the one address or at the other."""
    try:
        return await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return await asyncio.open_connection("::1", port)
