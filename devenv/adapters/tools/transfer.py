"""One HTTP request in a thread of its own, which can be left at any moment.

Responsible for HTTP, redirects, TLS and the environment's proxies. A name's resolution, a handshake, or headers that
come byte by byte take as long as the other side likes: who waits for them hears neither a stop nor a deadline. So
nobody does but this thread. How long an answer may take is decided by whoever reads it.
"""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from devenv.adapters.host.trust import observe_trust

_CHUNK = 1 << 18
_AHEAD = 4
"""How many chunks are fetched before they are asked for."""
_PAUSE = 0.1


class BrokenAnswerError(Exception):
    """The body of an answer broke off."""


class Items:
    """What comes of an answer: the length that its head tells, 0 without one; chunks; an empty chunk, or an error."""

    def __init__(self) -> None:
        self._queue: queue.Queue[int | bytes | Exception] = queue.Queue(_AHEAD)
        self._sockets: list[socket.socket] = []
        self._guard = threading.Lock()
        self._left = False

    def get(self) -> int | bytes | Exception | None:
        """The next item; None when there is none for a moment."""
        try:
            return self._queue.get(timeout=_PAUSE)
        except queue.Empty:
            return None

    def put(self, item: int | bytes | Exception) -> bool:
        """Hand an item on; false when nobody wants it any more."""
        while not self._left:
            with contextlib.suppress(queue.Full):
                self._queue.put(item, timeout=_PAUSE)
                return True
        return False

    def watch(self, connection: socket.socket) -> None:
        """See that this connection ends when the answer is left; a copy of it, since TLS takes over the original."""
        with self._guard:
            self._sockets.append(connection.dup())
            if self._left:
                self._end()

    def leave(self) -> None:
        """Want no more."""
        with self._guard:
            self._left = True
            self._end()

    def _end(self) -> None:
        for connection in self._sockets:
            with connection, contextlib.suppress(OSError):  # the other side has ended it
                connection.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()


@contextmanager
def transfer(url: str, connect_seconds: float) -> Iterator[Items]:
    """Ask for `url`; the request ends with the context, wherever it is."""
    items = Items()
    threading.Thread(
        target=_fetch, args=(url, connect_seconds, items), name=f"fetch {urlsplit(url).netloc}", daemon=True
    ).start()
    try:
        yield items
    finally:
        items.leave()


def _fetch(url: str, connect_seconds: float, items: Items) -> None:
    """Whatever a server does ends as an item."""
    try:
        opener = urllib.request.build_opener(_HttpHandler(items), _HttpsHandler(items))
        request = urllib.request.Request(url, headers={"User-Agent": "devenv"})  # noqa: S310 (checked by the caller)
        response = opener.open(request, timeout=connect_seconds)
    except (OSError, http.client.HTTPException, ValueError) as error:  # URLError and timeouts are OSErrors
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        items.put(error)
        return
    with response:
        if items.put(response.length or 0):  # as the library understood it: None where there is no sensible length
            _pass_on(response, items)


def _pass_on(response: http.client.HTTPResponse, items: Items) -> None:
    wanted, chunk = True, b"-"
    while wanted and chunk:
        try:
            chunk = response.read1(_CHUNK)
        except (OSError, http.client.HTTPException, ValueError) as error:
            items.put(BrokenAnswerError(str(error) or type(error).__name__))
            return
        wanted = items.put(chunk)


def _watched(connection: type[http.client.HTTPConnection], items: Items) -> Any:
    """A connection that ends when the answer is left; impatient only while it connects."""

    class Watched(connection):  # type: ignore[misc, valid-type]  # one of two classes of the library
        _socket: socket.socket | None = None

        @property
        def sock(self) -> socket.socket | None:
            return self._socket

        @sock.setter
        def sock(self, value: socket.socket | None) -> None:
            self._socket = value
            if value and not isinstance(value, ssl.SSLSocket):
                items.watch(value)

        def connect(self) -> None:
            super().connect()
            if self.sock:
                self.sock.settimeout(None)  # the reader has the patience

    return Watched


class _HttpHandler(urllib.request.HTTPHandler):
    def __init__(self, items: Items) -> None:
        super().__init__()
        self._connection = _watched(http.client.HTTPConnection, items)

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def __init__(self, items: Items) -> None:
        super().__init__()
        self._connection = _watched(http.client.HTTPSConnection, items)

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(self._connection, req, context=host_tls())


def host_tls() -> ssl.SSLContext:
    """Trust what the host trusts: Python's own default may be another place than the distribution's.

    Without the strict checks that Python 3.13 brought: they refuse companies' CAs that other clients accept.
    """
    context = ssl.create_default_context()
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if bundle := observe_trust().bundle:
        context.load_verify_locations(cafile=bundle)
    return context
