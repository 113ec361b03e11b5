"""Go modules fetched in a build container and by the host's Go: the same files, and only the pinned ones."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.images import fetch_module

from devenv.adapters.docker import Engine
from devenv.errors import ChecksumError
from devenv.images.build.modules import Module, fetch_with_go, go_on_path

pytestmark = pytest.mark.engine

UUID = Module("github.com/google/uuid", "v1.6.0", "h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=")
OTHER = Module("github.com/google/uuid", "v1.6.0", "h1:AAvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=")


def test_a_module_is_fetched_in_a_container(engine: Engine, own_home: Path) -> None:
    folder = fetch_module(UUID, engine)
    assert folder.is_relative_to(own_home)
    assert UUID.cached
    assert "module github.com/google/uuid" in (folder / "go.mod").read_text()


@pytest.mark.usefixtures("own_home")
def test_a_module_that_is_not_the_pinned_one_is_refused(engine: Engine) -> None:
    with pytest.raises(ChecksumError):
        fetch_module(OTHER, engine)
    assert not OTHER.cached


@pytest.mark.skipif(go_on_path() is None, reason="the host's Go is optional: the container is what must work")
@pytest.mark.usefixtures("own_home")
def test_a_module_is_fetched_by_the_hosts_go() -> None:
    go = go_on_path()
    assert go
    assert (fetch_with_go(UUID, go, cancel=threading.Event()) / "go.mod").is_file()
    with pytest.raises(ChecksumError):
        fetch_with_go(OTHER, go, cancel=threading.Event())
