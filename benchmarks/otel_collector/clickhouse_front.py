"""Answers the first question of clickhouse-go in place of the recipe's ClickHouse, and hands on all else as it comes.

The driver asks over HTTP for a block in ClickHouse's native format, with what precedes blocks from a revision of the
protocol on. With revision 0 in the answer it asks for nothing more that the recipe's server has not.

    python clickhouse_front.py SERVER
"""

from __future__ import annotations

import http.client
import struct
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PORT = 8124
_SERVER_PORT = 8123
_KEPT = ("authorization", "x-clickhouse-user", "x-clickhouse-key", "content-encoding", "user-agent")


def _text(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


_COLUMNS = (
    ("displayName()", "String", _text("clickhouse")),
    ("version()", "String", _text("26.9.2.1")),
    ("revision()", "UInt32", struct.pack("<I", 0)),
    ("timezone()", "String", _text("UTC")),
)
_ABOUT_BLOCK = b"\x01\x00\x02\xff\xff\xff\xff\x00"
_HELLO = (
    _ABOUT_BLOCK + b"\x04\x01" + b"".join(_text(name) + _text(kind) + b"\x00" + value for name, kind, value in _COLUMNS)
)


class Front(BaseHTTPRequestHandler):
    """One connection of the driver."""

    protocol_version = "HTTP/1.1"
    server_name = ""

    def do_POST(self) -> None:
        """Answer, or hand on."""
        body = self._body()
        if b"revision()" in body and "client_protocol_version" in parse_qs(urlsplit(self.path).query):
            return self._send(
                HTTPStatus.OK, {"Content-Type": "application/octet-stream", "X-ClickHouse-Timezone": "UTC"}, _HELLO
            )
        server = http.client.HTTPConnection(self.server_name, _SERVER_PORT)
        server.request("POST", self.path, body, {k: v for k, v in self.headers.items() if k.lower() in _KEPT})
        answer = server.getresponse()
        found = answer.read()
        server.close()
        if answer.status != HTTPStatus.OK:
            print(answer.status, found[:300], file=sys.stderr, flush=True)
        kept = {k: v for k, v in answer.headers.items() if k.lower().startswith(("x-clickhouse", "content-type"))}
        return self._send(answer.status, kept, found)

    do_GET = do_POST  # noqa: N815 -- the base's

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the base's
        """Say nothing."""


if __name__ == "__main__":
    Front.server_name = sys.argv[1]
    ThreadingHTTPServer(("0.0.0.0", PORT), Front).serve_forever()  # noqa: S104 -- inside of its container
