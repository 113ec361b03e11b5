"""Names below localhost are reached whatever the system resolves, and proved in TLS."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
from support.authority import issue

from devenv.adapters.through_traefik import async_client, client

NAME = "backend.shop.localhost"


class Echo(BaseHTTPRequestHandler):
    """Answers with the name that was asked for, and what was sent."""

    def do_POST(self) -> None:
        body = self.headers["Host"].encode() + b" " + self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "session=of-this-name")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def authority(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    ca, pair = issue(tmp_path, [NAME])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair)
    return ca, context


def test_a_name_is_asked_for_at_this_machine_and_cookies_are_its_own(authority: tuple[Path, ssl.SSLContext]) -> None:
    ca, _ = authority
    with serving() as port, client(f"http://{NAME}:{port}/", ca) as asking:
        assert asking.post("/items", content=b"one").text == f"{NAME}:{port} one"
        assert [(cookie.name, cookie.domain) for cookie in asking.cookies.jar] == [("session", NAME)]


def test_the_ca_is_trusted_and_the_name_is_proved(authority: tuple[Path, ssl.SSLContext]) -> None:
    ca, context = authority
    with serving(context) as port:
        with client(f"https://{NAME}:{port}/", ca) as asking:
            assert asking.post("/", content=b"two").text == f"{NAME}:{port} two"
        other = f"https://other.shop.localhost:{port}/"
        with client(other, ca) as asking, pytest.raises(httpx2.ConnectError, match=r"certificate"):
            asking.post("/", content=b"")


def test_an_asynchronous_client_does_the_same(authority: tuple[Path, ssl.SSLContext]) -> None:
    ca, context = authority

    async def ask(port: int) -> str:
        async with async_client(f"https://{NAME}:{port}/", ca) as asking:
            return (await asking.post("/", content=b"three")).text

    with serving(context) as port:
        assert asyncio.run(ask(port)) == f"{NAME}:{port} three"
