"""Options of a command that stand before it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from devenv.adapters.process import run
from devenv.cli.app import app


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One whose specification has no problem."""
    (tmp_path / "devenv.yaml").write_text("project: shop\nstacks: [{name: namespaces}]\n")
    return tmp_path


@pytest.mark.parametrize(
    "typed",
    [
        ["-C", "{}", "--json", "validate"],
        ["--json", "--directory={}", "validate"],
        ["-C{}", "validate", "--json"],
        ["validate", "-C", "{}", "--json"],
    ],
)
def test_they_are_the_commands(typed: list[str], project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    words = [word.format(project) for word in typed]
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    done = run([sys.executable, "-m", "devenv", *words], cwd=elsewhere, check=False)
    assert (done.status, json.loads(done.stdout)["problems"]) == (0, []), done.stderr


def test_they_are_those_of_the_command_below_a_group(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    done = CliRunner().invoke(app, ["-C", str(absent), "images", "prune", "--yes"], prog_name="devenv")
    assert str(absent) in str(done.exception)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["--json", "env"], "No such option: --json"),
        (["--json", "frobnicate"], "No such command 'frobnicate'"),
        (["-C"], "Usage: devenv"),
        (["--json", "kubectl", "get", "pods"], "devenv kubectl hands all options on: --json belongs behind it"),
    ],
)
def test_what_a_command_does_not_take_is_told_as_behind_it(typed: list[str], told: str) -> None:
    done = CliRunner().invoke(app, typed, prog_name="devenv")
    assert (done.exit_code, told in done.output) == (2, True), done.output


def test_a_program_that_takes_all_arguments_is_run_for_the_project_of_the_folder(project: Path) -> None:
    done = run([sys.executable, "-m", "devenv", "-C", str(project), "kubectl", "get", "pods"], check=False)
    assert "project-not-found" not in done.stderr
    assert "shop" in done.stderr
