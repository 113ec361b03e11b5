"""Options of a command that stand before it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
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


def leaves(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """All commands, those of groups that are ones themselves included."""
    below = getattr(command, "commands", {})
    if not below or command.invoke_without_command:
        yield words
    for name, each in below.items():
        yield from leaves(each, (*words, name))


HANDING_ON = {("kubectl",), ("helm",), ("aws",)}
COMMANDS = sorted({words for words in leaves(get_command(app)) if words} - HANDING_ON)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_command_takes_the_folder_and_v_before_it(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "shop"
    folder.mkdir()

    done = CliRunner().invoke(app, ["-C", str(folder), "-v", *words, "--help"], prog_name="devenv")

    assert (done.exit_code, "Usage: devenv" in done.output) == (0, True), done.output


def test_a_command_that_looks_for_no_project_is_run_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    done = run([sys.executable, "-m", "devenv", "-C", "shop", "-v", "init", "--yes", "--language", "go"], cwd=tmp_path)
    assert done.status == 0
    assert (tmp_path / "shop" / "devenv.yaml").read_text().count("project: shop\n") == 1

    absent = CliRunner().invoke(app, ["-C", "absent", "list"], prog_name="devenv")
    assert (absent.exit_code, "absent is no folder to be in" in absent.output) == (2, True), absent.output


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
