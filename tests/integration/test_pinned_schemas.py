"""The schemas of Kubernetes that come with devenv are those of the modules that are pinned."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.images import fetch_module

from devenv.adapters.docker import Engine
from devenv.spec.catalogue import load_versions
from devenv.spec.kubernetes import schemas
from devenv.workflows.pin_schemas import write


@pytest.mark.engine
@pytest.mark.usefixtures("own_home")
def test_they_are_what_the_modules_hold(tmp_path: Path, engine: Engine) -> None:
    folder = tmp_path / "schemas"
    folder.mkdir()
    write(folder, lambda module: fetch_module(module, engine))
    kept = Path(schemas.__file__).parent
    made = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert made == {file.name: file.read_bytes() for file in kept.glob("*.json")}


def test_there_are_those_of_the_node() -> None:
    assert schemas.minor(load_versions().node.kubernetes) in schemas.kept_versions()
