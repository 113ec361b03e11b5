"""The schemas of Kubernetes that come with devenv are those of the modules that are pinned."""

from __future__ import annotations

from pathlib import Path

from support.programs import require_program

from devenv.spec.catalogue import load_versions
from devenv.spec.kubernetes import schemas
from devenv.workflows.pin_schemas import write


def test_they_are_what_the_modules_hold(tmp_path: Path) -> None:
    require_program("go")
    write(tmp_path)
    kept = Path(schemas.__file__).parent
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert made == {file.name: file.read_bytes() for file in kept.glob("*.json")}


def test_there_are_those_of_the_node() -> None:
    assert schemas.minor(load_versions().node.kubernetes) in schemas.kept_versions()
