"""Names below `localhost` that the resolver may not know: their ports are on the loopback."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit


class LoopbackHttps(http.client.HTTPSConnection):
    """HTTPS to 127.0.0.1 with the name of the URL for SNI and for the certificate's check."""

    def __init__(self, name: str, port: int | None, context: ssl.SSLContext) -> None:
        super().__init__("127.0.0.1", port, timeout=20, context=context)
        self._name, self._tls = name, context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def nobody_listens(port: int) -> bool:
    """Whether a port of 127.0.0.1 refuses connections; one that is reset meanwhile is the end of who listened."""
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


def answer_at(
    url: str,
    method: str = "GET",
    body: bytes | str | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    context: ssl.SSLContext | None = None,
) -> tuple[int, bytes]:
    """Status and body of what a URL answers; `context` is for HTTPS, by default one that trusts the system's CAs."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        trusted = context or ssl.create_default_context()
        connection: http.client.HTTPConnection = LoopbackHttps(parts.hostname or "", parts.port, trusted)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=20)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection.request(method, target, body, {"Host": parts.netloc, **(headers or {})})
    response = connection.getresponse()
    return response.status, response.read()


def good_answer(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    context: ssl.SSLContext | None = None,
) -> bytes:
    """The body of what a URL answers with 200."""
    status, answer = answer_at(url, method, body, headers, context=context)
    assert status == 200, f"{method} {url}: {status} {answer.decode()}"
    return answer


def unverified() -> ssl.SSLContext:
    """Trusts whoever answers."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
