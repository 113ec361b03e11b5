"""An answer that goes on, line by line, until the server ends it or another thread does."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import httpx2

from devenv.adapters.kubernetes.json_objects import Json
from devenv.errors import ApiUnreachableError


class LineStream:
    """The lines of one answer: of a log that is followed."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self._ended = threading.Event()

    def __iter__(self) -> Iterator[str]:
        """Lines as they come, without their ends; raises ApiUnreachableError when the connection breaks.

        Only a line feed ends one: httpx2's own lines end at U+2028 and its like too, which may be within a message.
        """
        rest = b""
        try:
            for chunk in self._response.iter_bytes():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    yield line.decode(errors="replace")
        except httpx2.HTTPError as error:
            if not self._ended.is_set():
                raise ApiUnreachableError("a watch broke", context={"cause": str(error)}) from error
        else:
            if rest:
                yield rest.decode(errors="replace")
        finally:
            self._response.close()

    def end(self) -> None:
        """Wake the thread that reads. Closing a socket does not end a blocked read; shutting it down does."""
        self._ended.set()
        stream = self._response.extensions.get("network_stream")
        connection = stream.get_extra_info("socket") if stream else None
        if isinstance(connection, socket.socket):
            try:
                # Not SSLSocket.shutdown, which drops the TLS state that the reading thread uses.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                return  # the server was first


class Watch:
    """The events of one watch."""

    def __init__(self, response: httpx2.Response) -> None:
        self._lines = LineStream(response)

    def __iter__(self) -> Iterator[Json]:
        """Watch events as they come, until the server ends the stream or `end` is called."""
        for line in self._lines:
            event: Json = json.loads(line)
            yield event

    def end(self) -> None:
        """Wake the thread that reads."""
        self._lines.end()
