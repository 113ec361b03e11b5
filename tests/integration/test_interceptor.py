"""The program that takes a service's place, as it gets into a pod, and devenv's side of it, over the loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.environment import run
from support.images import provide
from support.loopback import free_port
from support.waiting import await_true

from devenv.adapters.docker import Engine
from devenv.adapters.interceptor import Relay

pytestmark = pytest.mark.engine
LOOPBACK = "127.0.0.1"
TOKEN = "a-word"  # noqa: S105 -- of this test's own
Answer = Callable[[socket.socket], None]


@pytest.fixture(scope="module")
def program(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the init container of a pod brings it there."""
    folder = tmp_path_factory.mktemp("interceptor")
    user = f"--user={os.getuid()}:{os.getgid()}"
    reference = provide("interceptor", engine)
    run(["docker", "run", "--rm", "--network=none", user, f"--volume={folder}:/out", reference, "/out"])
    return folder / "interceptor"


class Lab:
    """An interceptor, and a server of this machine that it leads to."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self.control, self.service, self.local = free_port(), free_port(), free_port()
        self.refused: list[int] = []

    @contextmanager
    def interceptor(self) -> Iterator[None]:
        argv = [str(self._program), str(self.control), str(self.service)]
        environ = {"DEVENV_INTERCEPTOR_TOKEN": TOKEN}
        with subprocess.Popen(argv, env=environ) as process:
            await_true(lambda: _listens(self.control), 10)
            try:
                yield
            finally:
                process.kill()

    def relay(self) -> Relay:
        return Relay(self.control, TOKEN, {self.service: self.local}, self.refused.append)

    @contextmanager
    def server(self, answer: Answer) -> Iterator[None]:
        """It has a thread answer each connection."""
        with socket.create_server((LOOPBACK, self.local)) as listener, ThreadPoolExecutor(64) as pool:

            def accept() -> None:
                while True:
                    try:
                        connection, _ = listener.accept()
                    except OSError:
                        return
                    pool.submit(answer, connection)

            threading.Thread(target=accept).start()
            try:
                yield
            finally:
                listener.shutdown(socket.SHUT_RDWR)

    def ask(self, question: bytes) -> bytes:
        """What is answered to a question that ends."""
        with socket.create_connection((LOOPBACK, self.service), 30) as connection:
            writing = threading.Thread(target=_send, args=(connection, question))
            writing.start()
            answer = _everything(connection)
            writing.join()
            return answer


@pytest.fixture
def lab(program: Path) -> Iterator[Lab]:
    made = Lab(program)
    with made.interceptor():
        yield made


def _listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex((LOOPBACK, port)) == 0


def _send(connection: socket.socket, data: bytes) -> None:
    connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


def _everything(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def echo(connection: socket.socket) -> None:
    with connection:
        while data := connection.recv(1 << 16):
            connection.sendall(data)


def after_the_end(connection: socket.socket) -> None:
    with connection:
        connection.sendall(b"of " + _everything(connection))


def test_every_byte_of_many_connections_at_once_comes_back(lab: Lab) -> None:
    questions = [bytes([number]) * 2_000_000 for number in range(20)]
    with lab.server(echo), lab.relay(), ThreadPoolExecutor(20) as pool:
        assert list(pool.map(lab.ask, questions)) == questions


def test_who_has_asked_and_closed_its_side_is_answered(lab: Lab) -> None:
    with lab.server(after_the_end), lab.relay():
        assert lab.ask(b"question") == b"of question"


def test_what_finds_nobody_is_closed_at_once_and_told_once_until_somebody_listens(lab: Lab) -> None:
    with lab.relay() as relay:
        assert relay.ready.wait(10)
        for _ in range(3):
            with socket.create_connection((LOOPBACK, lab.service), 5) as connection, pytest.raises(ConnectionError):
                connection.recv(1)
        assert lab.refused == [lab.local]
        with lab.server(echo):
            assert lab.ask(b"now") == b"now"


def test_a_process_that_stands_still_holds_up_nobody_else(lab: Lab) -> None:
    going_on, first = threading.Event(), threading.Semaphore(1)

    def stands_still(connection: socket.socket) -> None:
        if first.acquire(blocking=False):
            going_on.wait(30)
        echo(connection)

    question = b"x" * 20_000_000
    with lab.server(stands_still), lab.relay(), ThreadPoolExecutor(1) as pool:
        held_up = pool.submit(lab.ask, question)
        try:
            await_true(lambda: not first._value, 10)
            assert [lab.ask(b"quick") for _ in range(3)] == [b"quick"] * 3
        finally:
            going_on.set()
        assert held_up.result(60) == question


def test_a_pod_that_takes_the_place_of_another_is_found(program: Path) -> None:
    lab = Lab(program)
    with lab.server(echo), lab.relay():
        for word in (b"first", b"second"):
            with lab.interceptor():
                assert lab.ask(word) == word


def test_what_listens_on_localhost_alone_may_do_so_by_the_newer_protocol(lab: Lab) -> None:
    with (
        socket.create_server(("::1", lab.local), family=socket.AF_INET6) as listener,
        lab.relay(),
        socket.create_connection((LOOPBACK, lab.service), 10) as connection,
    ):
        came, _ = listener.accept()
        with came:
            came.sendall(b"here")
        assert _everything(connection) == b"here"


def test_what_breaks_off_here_is_broken_off_there(lab: Lab) -> None:
    def breaks_off(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        connection.close()

    with (
        lab.server(breaks_off),
        lab.relay(),
        socket.create_connection((LOOPBACK, lab.service), 10) as connection,
        pytest.raises(ConnectionResetError),
    ):
        connection.recv(1)
