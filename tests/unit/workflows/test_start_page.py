"""The record of the start page's server, and whom `end_page` ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devenv.adapters.process import end_process, process_named
from devenv.workflows.start_page import end_page, running_page

SLEEPER = [sys.executable, "-c", "import sys; sys.stdin.read()"]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours."""
    with subprocess.Popen(SLEEPER, stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def record(state: Path, process: str) -> Path:
    """A record that names a process."""
    file = state / "page.json"
    page = {"process": process, "port": 8070, "token": "t", "program": "p", "kubeconfig": "k"}
    file.write_text(json.dumps(page))
    return file


def test_the_server_that_is_recorded_is_ended(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    file = record(tmp_path, process_named(sleeper.pid))
    assert running_page(tmp_path)
    end_page(tmp_path)
    assert sleeper.wait(5) == -15
    assert not file.exists()


def test_a_server_that_does_not_listen_is_killed() -> None:
    deaf = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", deaf], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert end_process(process_named(process.pid), 0.1)
        assert process.wait(5) == -9


def test_another_process_of_its_number_is_left_alone(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    place, _, started = process_named(sleeper.pid).rpartition(".")
    file = record(tmp_path, f"{place}.{int(started) - 1}")
    assert running_page(tmp_path) is None
    end_page(tmp_path)
    assert sleeper.poll() is None
    assert not file.exists()
    assert end_process(f"{place}.{int(started) - 1}", 1)
    assert sleeper.poll() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"process": 1}'])
def test_a_damaged_record_names_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "page.json").write_text(text)
    assert running_page(tmp_path) is None
    end_page(tmp_path)
    assert not (tmp_path / "page.json").exists()


def test_what_another_version_of_devenv_has_recorded_too_is_left(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    file = record(tmp_path, process_named(sleeper.pid))
    file.write_text(json.dumps({**json.loads(file.read_text()), "new": 1}))

    page = running_page(tmp_path)

    assert page is not None
    assert page.port == 8070


def test_without_a_record_nothing_happens(tmp_path: Path) -> None:
    end_page(tmp_path / "nowhere")
    assert running_page(tmp_path) is None
