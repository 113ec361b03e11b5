"""The engine of devenv's own: a second, real dockerd with folders, socket and bridge of its own."""

from __future__ import annotations

import json
import os
import select
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.second_daemon import second_daemon

from devenv.adapters.engine.daemon import EngineDaemon
from devenv.adapters.engine.socket import engine_answers
from devenv.adapters.host.system import observe_host
from devenv.adapters.process import find_program
from devenv.errors import EngineUnavailableError, InterruptedRunError

pytestmark = [
    pytest.mark.engine,
    pytest.mark.root,
    pytest.mark.skipif(find_program("dockerd") is None or os.geteuid() != 0, reason="needs dockerd and root"),
]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[EngineDaemon]:
    with second_daemon(tmp_path, "devenv-test0", "198.51.100.1/25") as daemon:
        yield daemon


def kill(pid: int) -> None:
    handle = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    assert select.select([handle], [], [], 5)[0]
    os.close(handle)


def test_it_starts_answers_and_stops(daemon: EngineDaemon) -> None:
    daemon.start(observe_host(), cancel=threading.Event())
    pid = daemon.pid()
    assert pid is not None
    assert engine_answers(daemon.socket)
    daemon.start(observe_host(), cancel=threading.Event())
    assert daemon.pid() == pid, "a second start leaves it alone"
    daemon.stop()
    assert daemon.pid() is None
    assert not engine_answers(daemon.socket)
    assert not daemon.pid_file.exists()


def test_it_starts_again_after_a_kill_though_its_pid_belongs_to_another_process(daemon: EngineDaemon) -> None:
    daemon.start(observe_host(), cancel=threading.Event())
    pid = daemon.pid()
    assert pid is not None
    kill(pid)
    daemon.pid_file.write_text(str(os.getpid()))
    assert daemon.pid() is None
    daemon.start(observe_host(), cancel=threading.Event())
    assert engine_answers(daemon.socket)


def test_the_runtime_is_wrapped_only_where_the_capability_is_missing(daemon: EngineDaemon) -> None:
    host = observe_host()
    daemon._configure(replace(host, sys_resource=True))
    assert "default-runtime" not in json.loads(daemon.config_file.read_text())
    daemon._configure(replace(host, sys_resource=False))
    settings = json.loads(daemon.config_file.read_text())
    wrapper = Path(settings["runtimes"][settings["default-runtime"]]["path"])
    assert os.access(wrapper, os.X_OK)
    assert wrapper.read_text().startswith("#!/")
    assert ".venv" not in wrapper.read_text().splitlines()[0]


def test_a_daemon_that_cannot_start_is_told_with_its_own_words(daemon: EngineDaemon) -> None:
    broken = replace(daemon, overrides={**daemon.overrides, "no-such-setting": 1})
    with pytest.raises(EngineUnavailableError, match="ended with status") as caught:
        broken.start(observe_host(), cancel=threading.Event())
    assert "no-such-setting" in caught.value.context["last lines"]
    assert "--debug" in caught.value.hint


def test_waiting_for_it_can_be_cancelled(daemon: EngineDaemon) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(InterruptedRunError):
        daemon.start(observe_host(), cancel=cancel)
