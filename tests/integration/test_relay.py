"""A port of the engine's loopback whose connections come here: many at once, whole, and gone with whoever made it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import pytest
from support.images import provide
from support.loopback import free_port
from support.nodes import LABELS, RUN  # noqa: F401 -- RUN is read by the fixtures
from support.waiting import await_true

from devenv.adapters.docker import Engine
from devenv.adapters.docker.relay import LoopbackRelay
from devenv.errors import ImageError

pytestmark = pytest.mark.engine
MIB = 1 << 20
RELAYING = """
import sys, threading
from devenv.adapters.docker import Engine
from devenv.adapters.docker.relay import LoopbackRelay

image, port, label = sys.argv[1:]
LoopbackRelay(Engine.connect().client, image, int(port), {label: "killed"}, lambda: 9)
print("listens", flush=True)
threading.Event().wait()
"""


@pytest.fixture(scope="module")
def image(swept: Engine) -> str:
    """Debian as it is."""
    return provide("debian-trixie", swept)


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    """The port of a server that reads to the end and then says everything once more, twice over."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                said = b"".join(iter(lambda: connection.recv(MIB), b""))
                connection.sendall(said * 2)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


@pytest.fixture
def relay(swept: Engine, image: str, echo: int) -> Iterator[LoopbackRelay]:
    with closing(LoopbackRelay(swept.client, image, free_port(), LABELS, lambda: echo)) as relay:
        yield relay


def ask(port: int, said: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(MIB), b""))


def test_connections_at_once_are_passed_on_whole(relay: LoopbackRelay) -> None:
    said = [os.urandom(size) for size in (1, 100, 65536, 65537, MIB, 3 * MIB, 5 * MIB, 7)]
    with ThreadPoolExecutor(len(said)) as pool:
        assert list(pool.map(lambda one: ask(relay.port, one), said)) == [one * 2 for one in said]


def test_one_that_breaks_off_does_not_harm_others(relay: LoopbackRelay) -> None:
    with socket.create_connection(("127.0.0.1", relay.port)) as connection:
        connection.sendall(b"x")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert ask(relay.port, b"still here") == b"still here" * 2


def test_where_nobody_is_reached_a_connection_is_closed(swept: Engine, image: str) -> None:
    nowhere = free_port()
    with closing(LoopbackRelay(swept.client, image, free_port(), LABELS, lambda: nowhere)) as relay:
        with suppress(ConnectionResetError):
            assert ask(relay.port, b"anybody?") == b""
        assert not relay.is_over


def test_a_port_that_is_taken_is_told(swept: Engine, image: str, relay: LoopbackRelay) -> None:
    with pytest.raises(ImageError) as raised:
        LoopbackRelay(swept.client, image, relay.port, LABELS, lambda: 0)
    assert raised.value.context["cause"] == f"port {relay.port}: Address already in use"


def test_an_image_without_perl_is_told(swept: Engine, tiny: str) -> None:
    with pytest.raises(ImageError) as raised:
        LoopbackRelay(swept.client, tiny, free_port(), LABELS, lambda: 0)
    assert "perl" in raised.value.context["cause"]


def test_nothing_is_left_where_its_process_is_killed(swept: Engine, image: str) -> None:
    label = f"devenv.io/test-relay-{os.getpid()}"
    argv = [sys.executable, "-c", RELAYING, image, str(free_port()), label]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listens\n"
        assert len(swept.containers.list({label: ""})) == 1
        process.send_signal(signal.SIGKILL)
    await_true(lambda: not swept.containers.list({label: ""}))
