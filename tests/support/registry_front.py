"""What stands before the registry of a test: TLS under upstream's names, and the faults that registries have.

It listens on a Unix socket, so that only the engine in whose container it is mounted reaches it.
"""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self

_CHUNK = 1 << 16
_HEADERS = ("Accept", "Range")
"""Of a request, what the registry needs to know."""


@dataclass(frozen=True)
class Asked:
    """A request, as an engine makes it."""

    method: str
    host: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_manifest(self) -> bool:
        """Whether it is about a manifest."""
        return "/manifests/" in self.path

    @property
    def is_blob(self) -> bool:
        """Whether it is about a layer, or an image's configuration."""
        return "/blobs/" in self.path


@dataclass(frozen=True)
class Fault:
    """An answer in place of the registry's; with `cut` so many bytes of that where it has more, and then the end."""

    status: int = 200
    code: str = ""
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0

    @property
    def body(self) -> bytes:
        """As the distribution specification has it."""
        return json.dumps({"errors": [{"code": self.code, "message": self.message}]}).encode()


class RegistryFront(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Serves a registry by TLS under any name, with certificates of a CA of its own."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, file: Path, pair: Path, registry: str, *, folders: Mapping[str, str] | None = None) -> None:
        """`pair` is the server's key and certificate, `registry` is `host:port`.

        `folders` are those of mirrors: host to the folder that its paths begin with.
        """
        self.registry = registry
        self.folders = folders or {}
        self.asked: list[Asked] = []
        self.fault: Callable[[Asked], Fault | None] = lambda _: None
        self.has_cut = False
        """Whether an answer has been cut since there are faults."""
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pair)
        super().__init__(str(file), _Handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def finish_request(self, request: Any, client_address: Any) -> None:
        request.settimeout(60)
        try:
            with self._context.wrap_socket(request, server_side=True) as wrapped:
                super().finish_request(wrapped, client_address)
        except OSError:
            return  # engines let connections go as they please

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def __enter__(self) -> Self:
        return self

    @contextmanager
    def failing(self, fault: Callable[[Asked], Fault | None]) -> Iterator[list[Asked]]:
        """Requests that `fault` has an answer for get that; yields what is asked meanwhile."""
        self.asked.clear()
        self.has_cut = False
        self.fault = fault
        try:
            yield self.asked
        finally:
            self.fault = lambda _: None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: RegistryFront

    def do_GET(self) -> None:
        host = self.headers.get("Host", "")
        asked = Asked(self.command, host, self.path, dict(self.headers))
        self.server.asked.append(asked)
        fault = self.server.fault(asked)
        if fault and not fault.cut:
            self._send(fault.status, fault.headers, fault.body)
            return
        self._forward(asked, fault.cut if fault else None)

    do_HEAD = do_GET  # noqa: N815 -- the library's name

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _forward(self, asked: Asked, cut: int | None) -> None:
        folder = self.server.folders.get(asked.host, "")
        path = asked.path.replace(f"/v2/{folder}/", "/v2/", 1) if folder else asked.path
        headers = {name: asked.headers[name] for name in _HEADERS if name in asked.headers}
        with closing(http.client.HTTPConnection(self.server.registry, timeout=60)) as registry:
            registry.request(self.command, path, headers=headers)
            answer = registry.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name not in ("Date", "Connection", "Transfer-Encoding"):
                    self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD" and (cut is None or int(answer.headers["Content-Length"]) <= cut):
                shutil.copyfileobj(answer, self.wfile, _CHUNK)
            elif self.command != "HEAD":
                self.server.has_cut = True
                self.wfile.write(answer.read(cut))
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""
