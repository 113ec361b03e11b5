"""Argument lists can be read by every process, and stay in what the engine tells: no password stands in one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from devenv.adapters.kind import Kind
from devenv.images.build.modules import Module, container_request

SECRET = "hunter2"  # noqa: S105 -- nobody's
MODULE = Module("example.org/m", "v1.0.0", "h1:abc=")


@pytest.fixture
def recording_kind(tmp_path: Path) -> Kind:
    """A program that writes down its arguments and what is there of proxies, which the real one makes arguments of."""
    program = tmp_path / "kind"
    program.write_text(f"#!/bin/sh\ncat >/dev/null\n{{ echo $@; env | grep -iE ^https?_proxy=; }} >{tmp_path}/told\n")
    program.chmod(0o755)
    return Kind(program)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_kind_gets_no_proxy_that_has_a_password(
    recording_kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, f"http://me:{SECRET}@proxy.example.org:3128")
    recording_kind.create("c", "image", "{}", tmp_path / "state/kubeconfig", "net", wait=timedelta(0))
    assert SECRET not in (tmp_path / "told").read_text()


def test_kind_gets_another_proxy(recording_kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.org:3128")
    recording_kind.create("c", "image", "{}", tmp_path / "state/kubeconfig", "net")
    assert "HTTPS_PROXY=http://proxy.example.org:3128" in (tmp_path / "told").read_text()


def test_a_modules_build_gets_proxies_and_gos_settings_apart_from_its_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:{SECRET}@proxy.example.org:3128")
    monkeypatch.setenv("GOPROXY", f"https://me:{SECRET}@go.example.org")
    request = container_request(MODULE, tmp_path, "golang", None)
    assert SECRET not in str(request.args)
    assert {"https_proxy", "HTTPS_PROXY", "GOPROXY"} <= request.private_args.keys()
