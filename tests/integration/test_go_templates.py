"""What `devenv init` writes in Go, read by Go itself: in the container that its image is built in."""

from __future__ import annotations

import pytest
from support.environment import run
from support.images import provide

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root

pytestmark = pytest.mark.engine

TEMPLATES = data_root() / "templates" / "init" / "go"


def in_go(engine: Engine, folder: str, *command: str) -> str:
    """What a command prints in a folder of the templates."""
    apart = ["--rm", "--network=none", f"--volume={TEMPLATES}:/templates:ro", f"--workdir=/templates/{folder}"]
    return run(["docker", "run", *apart, provide("golang", engine), *command])


def test_it_is_written_as_gofmt_writes_it(engine: Engine) -> None:
    assert {path.name for path in TEMPLATES.iterdir()} == {"database", "plain"}
    assert in_go(engine, ".", "gofmt", "-l", ".") == ""


def test_what_needs_no_module_has_nothing_that_vet_finds(engine: Engine) -> None:
    assert in_go(engine, "plain/api", "go", "vet", "./...") == ""
