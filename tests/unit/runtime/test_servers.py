"""What tasks serve: ready, started anew, and gone in the end. The servers are Python's own."""

from __future__ import annotations

import queue
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.loopback import free_port

from devenv.errors import InterruptedRunError, TaskError
from devenv.runtime.tasks.servers import Servers
from devenv.spec.tasks.task import Task


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as made:
        yield made


@pytest.fixture
def port() -> int:
    return free_port()


def http(port: int) -> list[str]:
    return [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", str(port)]


def start(servers: Servers, folder: Path, cancel: threading.Event | None = None, **task: Any) -> None:
    made = Task.model_validate(task)
    servers.start("web", made, folder=folder, env={}, cancel=cancel or threading.Event())


def listens(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(5)
        return one.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("way", ["http", "tcp", "exec"])
def test_a_server_is_ready_when_it_answers(servers: Servers, port: int, tmp_path: Path, way: str) -> None:
    ready = {
        "http": {"http": f"http://127.0.0.1:{port}/"},
        "tcp": {"tcp": port},
        "exec": {"exec": [sys.executable, "-c", f"import socket; socket.create_connection(('127.0.0.1', {port}))"]},
    }
    start(servers, tmp_path, serve=http(port), ready=ready[way])

    assert listens(port)


def test_a_second_start_takes_the_place_of_the_first(servers: Servers, port: int, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.html").write_text("")
        start(servers, tmp_path / name, serve=http(port), ready=f"http://127.0.0.1:{port}/{name}.html")


def test_all_are_gone_in_the_end(port: int, tmp_path: Path) -> None:
    with Servers() as servers:
        start(servers, tmp_path, serve=" ".join(http(port)), ready={"tcp": port})
    assert not listens(port)


def test_what_is_not_ready_in_time_is_an_error_and_stopped(servers: Servers, port: int, tmp_path: Path) -> None:
    ready = {"http": f"http://127.0.0.1:{port}/missing", "starts_within": "1s"}
    with pytest.raises(TaskError, match="web was not ready within 1 s"):
        start(servers, tmp_path, serve=http(port), ready=ready)
    assert not listens(port)


def test_what_ends_before_it_is_ready_tells_its_last_words(servers: Servers, port: int, tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="web ended before it was ready") as caught:
        start(servers, tmp_path, serve="echo no room; exit 4", ready={"tcp": port})
    assert (caught.value.context["exit status"], caught.value.context["last lines"]) == ("4", "no room")


def test_who_waits_for_a_server_can_be_stopped(servers: Servers, port: int, tmp_path: Path) -> None:
    cancel = threading.Event()
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(InterruptedRunError):
        start(servers, tmp_path, cancel, serve=["sleep", "600"], ready={"tcp": port})


def test_what_it_writes_and_its_later_end_are_told(servers: Servers, tmp_path: Path) -> None:
    told: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    servers.on_line = lambda task, line: told.put((task, line))
    servers.on_end = lambda task, error: told.put((task, error.context["exit status"]))
    (tmp_path / "run").write_text("mkfifo pipe; echo started; read line < pipe; exit $line")

    start(servers, tmp_path, serve=["sh", "run"], env={"LANG": "C"})

    assert told.get(timeout=60) == ("web", "started")
    (tmp_path / "pipe").write_text("5\n")
    assert told.get(timeout=60) == ("web", "5")
