"""What goes over the connection to an interceptor: frames of a kind, the number of a stream, and bytes.

Many streams share the one connection: what carries it, a port-forward, ends as a whole when a single one breaks, and
keeps no half-closed one. The other side is `session.go` of cluster/images/interceptor.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from enum import IntEnum

CHUNK = 32 << 10
"""Bytes of a frame, at most."""
WINDOW = 256 << 10
"""Bytes that may be on their way in each direction of a stream: who does not read holds up nobody else."""
_HEAD = struct.Struct("!BII")
_PORT, _COUNT = struct.Struct("!H"), struct.Struct("!I")


class Kind(IntEnum):
    """What a frame says."""

    READY = 1
    """The token was right."""
    OPEN = 2
    """A connection has come; its port."""
    DATA = 3
    CREDIT = 4
    """So many bytes more may be sent."""
    FINISH = 5
    """Nothing more will come from this side."""
    ABORT = 6
    """Neither side sends more, and what is on its way is dropped."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame."""

    kind: Kind
    stream: int
    payload: bytes = b""

    @classmethod
    def credit(cls, stream: int, count: int) -> Frame:
        return cls(Kind.CREDIT, stream, _COUNT.pack(count))

    @property
    def port(self) -> int:
        """Of one that opens a stream."""
        return int(_PORT.unpack(self.payload)[0])

    @property
    def count(self) -> int:
        """Of one that gives credit."""
        return int(_COUNT.unpack(self.payload)[0])

    def __bytes__(self) -> bytes:
        return _HEAD.pack(self.kind, self.stream, len(self.payload)) + self.payload


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    """The next frame; raises IncompleteReadError at the end, and OSError where the connection breaks."""
    kind, stream, length = _HEAD.unpack(await reader.readexactly(_HEAD.size))
    return Frame(Kind(kind), stream, await reader.readexactly(length))
