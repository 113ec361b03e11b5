"""Guards for every test: nothing of the machine's own may be touched by accident."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.programs import Script

pytest_plugins = ["pytester"]
# A property is about what, never about how fast: a busy machine is no counterexample.
settings.register_profile("devenv", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("devenv")


def pytest_configure() -> None:
    """Ctrl-C works here and in what tests start, also where a shell began the run in the background and ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_default_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's kubeconfig and AWS account are out of reach: a test that needs one names its own."""
    monkeypatch.setenv("KUBECONFIG", "/nonexistent/the-default-kubeconfig-is-out-of-bounds")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9/the-default-endpoint-is-out-of-bounds")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True)
def _own_runtime_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that a test runs here in the place of a node keeps what it learns to that test."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, for what devenv keeps in XDG folders."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for variable in ("XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
    return home


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Puts a shell script on PATH under a name."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)

    def write(name: str, body: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return write
