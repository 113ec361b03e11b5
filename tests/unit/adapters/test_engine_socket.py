"""An engine that is there and says nothing is no reason to start another: its socket would be taken from it."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from support.waiting import await_true

from devenv.adapters.engine.daemon import EngineDaemon
from devenv.adapters.engine.service import provide_engine
from devenv.adapters.engine.socket import Presence, await_engine, presence
from devenv.adapters.host.system import Host, observe_host
from devenv.errors import EngineSilentError, InterruptedRunError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineDaemon:
    """One whose dockerd, and whose apt, leave a trace when they are started."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("dockerd", "apt-get", "systemctl", "dpkg-query"):
        (programs / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    home = tmp_path / "engine"
    home.mkdir()
    return EngineDaemon(home, tmp_path / "docker.sock", tmp_path / "exec", patience=0.5)


@pytest.fixture
def listener(daemon: EngineDaemon) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(daemon.socket))
        listener.listen()
        yield listener


def machine(*, systemd: bool = False) -> Host:
    return replace(observe_host(), system="linux", root=True, os_like=("debian",), systemd=systemd, sys_resource=True)


def provide(daemon: EngineDaemon, *, systemd: bool = False) -> str:
    return provide_engine(
        machine(systemd=systemd), agree=lambda: True, progress=print, cancel=threading.Event(), daemon=daemon
    )


def test_what_is_found_on_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    assert presence(path) is Presence.ABSENT
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(0)
        assert presence(path, 0.1) is Presence.SILENT
        with socket.socket(socket.AF_UNIX) as waiting:
            waiting.settimeout(0)
            waiting.connect_ex(str(path))  # its queue is full now, as that of one that was stopped
            assert presence(path, 0.1) is Presence.SILENT
    assert presence(path) is Presence.ABSENT, "the file is left, and nobody listens"


@pytest.mark.parametrize("systemd", [False, True])
def test_nothing_is_installed_or_started_where_an_engine_is_silent(
    daemon: EngineDaemon, listener: socket.socket, tmp_path: Path, *, systemd: bool
) -> None:
    before = daemon.socket.stat().st_ino
    with pytest.raises(EngineSilentError, match="did not answer"):
        provide(daemon, systemd=systemd)
    with pytest.raises(EngineSilentError, match="did not answer"):
        daemon.start(machine(), cancel=threading.Event())
    assert not (tmp_path / "started").exists()
    assert daemon.socket.stat().st_ino == before
    assert listener.fileno() >= 0


def test_an_engine_that_is_busy_is_waited_for(daemon: EngineDaemon, listener: socket.socket, tmp_path: Path) -> None:
    def answer_the_third() -> None:
        with ExitStack() as open_ones:
            for _ in range(2):
                open_ones.enter_context(listener.accept()[0])
            engine = open_ones.enter_context(listener.accept()[0])
            engine.recv(4096)
            engine.sendall(OK)

    answering = threading.Thread(target=answer_the_third)
    answering.start()
    reported: list[str] = []
    assert await_engine(daemon.socket, cancel=threading.Event(), on_wait=reported.append, patience=20, ping=0.2)
    answering.join()
    assert len(reported) == 1
    assert "slow to answer" in reported[0]
    assert not (tmp_path / "started").exists()


def test_a_stop_ends_the_wait(daemon: EngineDaemon, listener: socket.socket) -> None:
    cancel = threading.Event()
    with pytest.raises(InterruptedRunError):
        await_engine(daemon.socket, cancel=cancel, on_wait=lambda _: cancel.set(), patience=60, ping=0.1)
    del listener


def test_none_is_started_beside_one_that_has_no_socket_yet(daemon: EngineDaemon, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "dockerd").write_text("#!/bin/sh\nread -r nothing\n")
    (other / "dockerd").chmod(0o755)
    with subprocess.Popen([other / "dockerd"], stdin=subprocess.PIPE) as running:
        daemon.exec_root.with_suffix(".pid").write_text(str(running.pid))
        await_true(lambda: daemon.other() == running.pid)
        with pytest.raises(EngineSilentError):
            provide(daemon)
        assert not (tmp_path / "started").exists()
        assert running.stdin
        running.stdin.close()
    assert daemon.other() is None
