from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from devenv.images.catalogue.registries import Registries
from devenv.spec.image_reference import registry_of


@contextmanager
def registry(status: int, headers: dict[str, str] | None = None) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests need no access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


REGISTRY = {"Docker-Distribution-Api-Version": "registry/2.0"}


@pytest.mark.parametrize(
    ("status", "headers", "answers"),
    [
        (200, {}, True),
        (401, {}, True),
        (401, REGISTRY, True),
        (403, REGISTRY, True),
        (403, {}, False),
        (502, {}, False),
    ],
)
def test_a_registry_answers_and_a_proxy_in_between_does_not_count(
    status: int,
    headers: dict[str, str],
    answers: bool,  # noqa: FBT001 -- a table of cases
) -> None:
    with registry(status, headers) as (host, asked):
        registries = Registries(scheme="http")
        assert registries.answering([host]) == {host: answers}
        assert registries.answering([host]) == {host: answers}
        assert asked == ["/v2/"]


def test_all_are_asked_at_once_and_no_longer_than_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        silent = [f"127.0.0.1:{server.getsockname()[1]}" for server in (one, other)]
        began = time.monotonic()
        found = Registries(seconds=2, scheme="http").answering([*silent, "127.0.0.1:1", "no.such.host.invalid"])
        assert time.monotonic() - began < 3.5
    assert not any(found.values())
    assert len(found) == 4


def test_the_registry_of_a_reference() -> None:
    assert registry_of("traefik:v3") == "docker.io"
    assert registry_of("ghcr.io/a/b:1") == "ghcr.io"
