"""A service of an import, written out as a chart: the Compose file stays, and what is left to do is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from devenv.adapters.files.paths import data_root
from devenv.spec.load import load_workspace
from devenv.workflows.eject import _contents, eject

EXAMPLE = Path(__file__).parents[3] / "examples" / "compose"


@pytest.mark.parametrize("name", ["proxy", "worker", "cache", "db"])
def test_once_what_is_told_is_done_the_project_comes_to_the_same(tmp_path: Path, name: str) -> None:
    root = Path(shutil.copytree(EXAMPLE, tmp_path / "market"))
    before = load_workspace(root, data_root=data_root())

    done = eject(root, name, data_root())

    assert done.left == (
        f"add without: [{name}] beside compose.yaml in imports",
        f"add it to stacks: {{name: {name}}}",
        "add stack_paths: [stacks]",
    )
    (root / "devenv.yaml").write_text(
        f"project: market\nimports: {{compose: compose.yaml, databases: built-in, without: [{name}]}}\n"
        f"stacks: [{{name: {name}}}]\nstack_paths: [stacks]\n",
        encoding="utf-8",
    )
    after = load_workspace(root, data_root=data_root())
    assert _contents(after) == _contents(before)
