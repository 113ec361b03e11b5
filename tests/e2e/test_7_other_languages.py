"""The examples of tests in other languages run on the environment that is up, by `devenv test`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.databases import clones
from support.environment import Project, run
from support.programs import require_program

pytestmark = pytest.mark.e2e
EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str, folder: Path) -> Path:
    """A copy, since packages are installed beside the tests."""
    copy = folder / name
    shutil.copytree(EXAMPLES / name, copy, ignore=shutil.ignore_patterns("node_modules"))
    return copy


def output_of(inside: Project, folder: Path, workers: int, *command: str) -> str:
    """What the tests print, which have to pass."""
    project = Project(folder, inside.env)
    return project.devenv(
        "test", "--directory", str(inside.root), "--workers", str(workers), "--", *command, timeout=300
    ).stdout


def test_parallel_tests_in_go_have_databases_of_their_own(inside: Project, tmp_path: Path) -> None:
    go = str(require_program("go"))
    folder = example("tests-go", tmp_path)
    said = output_of(inside, folder, 4, go, "test", "-count=1", "-parallel=4", "-v", "./...")
    assert said.count("--- PASS: TestItems/") == 12
    assert clones(inside) == []


def test_files_of_tests_in_node_have_databases_of_their_own(inside: Project, tmp_path: Path) -> None:
    npm, node = (str(require_program(name)) for name in ("npm", "node"))
    folder = example("tests-node", tmp_path)
    run([npm, "ci", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"])
    for at_once in (1, 2):  # one after the other, the second finds nothing of the first either
        said = output_of(inside, folder, 2, node, "--test", f"--test-concurrency={at_once}", "--test-reporter=tap")
        assert "# pass 5" in said
        assert "# fail 0" in said
    assert clones(inside) == []
