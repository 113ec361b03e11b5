"""One connection of the cluster's, led to a port of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from devenv.adapters.interceptor.frames import CHUNK, WINDOW, Frame, Kind

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Stream:
    """It lives as long as its task: until both sides have nothing more to say, or one breaks off."""

    def __init__(self, number: int, control: asyncio.StreamWriter, connect: Callable[[], Awaitable[Pair]]) -> None:
        self._number = number
        self._control = control
        self._connect = connect
        self._incoming: asyncio.Queue[bytes] = asyncio.Queue()
        self._credit = WINDOW
        self._room = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    def take(self, frame: Frame) -> None:
        """Apply a frame; it never waits, so that no stream holds up another."""
        match frame.kind:
            case Kind.DATA:
                self._incoming.put_nowait(frame.payload)
            case Kind.FINISH:
                self._incoming.put_nowait(b"")
            case Kind.CREDIT:
                self._credit += frame.count
                self._room.set()
            case _:
                self.task.cancel()

    async def _run(self) -> None:
        try:
            reader, writer = await self._connect()
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._bring(writer))
                    both.create_task(self._fetch(reader))
                writer.close()
            finally:
                if not writer.is_closing():
                    writer.transport.abort()
        except* OSError:
            await self._say(Frame(Kind.ABORT, self._number))

    async def _bring(self, writer: asyncio.StreamWriter) -> None:
        """What comes from the cluster, to the process."""
        while payload := await self._incoming.get():
            writer.write(payload)
            await writer.drain()
            await self._say(Frame.credit(self._number, len(payload)))
        writer.write_eof()

    async def _fetch(self, reader: asyncio.StreamReader) -> None:
        """What comes from the process, to the cluster."""
        while True:
            while not self._credit:
                self._room.clear()
                await self._room.wait()
            payload = await reader.read(min(CHUNK, self._credit))
            self._credit -= len(payload)
            await self._say(Frame(Kind.DATA if payload else Kind.FINISH, self._number, payload))
            if not payload:
                return

    async def _say(self, frame: Frame) -> None:
        self._control.write(bytes(frame))
        await self._control.drain()
