"""The pytest plugin where there is no environment: what it costs, what it refuses, and what it tells."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.suites import Suite, output, suite

TESTS = """
import pytest

def test_plain():
    pass

@pytest.mark.parametrize("number", range(3))
def test_database(devenv_postgres, number):
    pass
"""
CAUSE = "cause: [Errno 2] No such file or directory"
PROJECT = "project: nowhere\nstacks: [{name: postgres}]\n"


@pytest.fixture
def nowhere(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Suite:
    """Tests of a project whose engine does not answer."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "devenv.yaml").write_text(PROJECT)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
    for name in ("state", "cache"):
        monkeypatch.setenv(f"XDG_{name.upper()}_HOME", str(tmp_path / name))
    pytester.makepyfile(TESTS)
    return suite(pytester, monkeypatch, project, str(tmp_path))


def test_off_skips_what_needs_the_environment(nowhere: Suite) -> None:
    result = nowhere.run("--devenv=off", "-rs")
    result.assert_outcomes(passed=1, skipped=3)
    assert "--devenv=off" in output(result)


@pytest.mark.parametrize("mode", ["auto", "fresh"])
def test_without_an_engine_the_cause_is_told_once(nowhere: Suite, mode: str) -> None:
    result = nowhere.run(f"--devenv={mode}")
    result.assert_outcomes(passed=1, errors=3)
    told = output(result)
    assert told.count(CAUSE) == 1
    # A line for each test; pytest does not shorten its summary of them in CI.
    assert told.count("\nthe environment is not up: no container engine answers") == 3
    assert "Traceback" not in told


def test_workers_tell_the_cause_once_too(nowhere: Suite) -> None:
    result = nowhere.run(workers=2)
    result.assert_outcomes(passed=1, errors=3)
    assert output(result).count(CAUSE) == 1


def test_a_broken_specification_is_told_with_its_lines(nowhere: Suite) -> None:
    (nowhere.project / "devenv.yaml").write_text("project: nowhere\nstacks: [{name: postgress}]\nprofil: dev\n")
    result = nowhere.run()
    result.assert_outcomes(passed=1, errors=3)
    told = output(result)
    assert told.count("devenv.yaml:3") == 1
    assert told.count("did you mean postgres?") == 1


def test_a_folder_without_a_project_is_told(nowhere: Suite) -> None:
    (nowhere.project / "devenv.yaml").unlink()
    told = output(nowhere.run())
    assert "[project-not-found]" in told


def test_pyproject_says_what_options_say_and_options_win(nowhere: Suite) -> None:
    nowhere.pytester.makepyprojecttoml('[tool.pytest.ini_options]\ndevenv = "off"\n')
    nowhere.run().assert_outcomes(passed=1, skipped=3)
    nowhere.run("--devenv=require").assert_outcomes(passed=1, errors=3)


@pytest.mark.parametrize(
    ("options", "ini", "said"),
    [
        (("--devenv=sometimes",), "", "invalid choice: 'sometimes'"),
        ((), "sometimes", "devenv = sometimes: one of auto, require, fresh, off is meant"),
    ],
)
def test_a_mode_that_there_is_not_is_refused(nowhere: Suite, options: tuple[str, ...], ini: str, said: str) -> None:
    if ini:
        nowhere.pytester.makepyprojecttoml(f'[tool.pytest.ini_options]\ndevenv = "{ini}"\n')
    result = nowhere.run(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in output(result)


def test_what_is_imported_when_unused_is_small() -> None:
    """Of devenv itself: what pytest has imported anyway is there already."""
    program = (
        "import sys, pytest, fcntl, json, tempfile, shutil\n"
        "before = set(sys.modules)\n"
        "import devenv.testing.plugin\n"
        "print(*sorted(set(sys.modules) - before))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.split() == [
        "devenv",
        "devenv.testing",
        "devenv.testing.plugin",
        "devenv.testing.settings",
        "devenv.testing.shared_run",
    ]
