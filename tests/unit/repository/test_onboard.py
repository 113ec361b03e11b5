"""What `onboard.sh` installs is hashed and locked, its build backend included."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from support.programs import Script

TOP = Path(__file__).parents[3]
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text())


def test_the_backend_that_is_locked_is_the_one_that_builds() -> None:
    assert set(PROJECT["build-system"]["requires"]) <= set(PROJECT["project"]["optional-dependencies"]["build"])


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_the_lock_files_have_the_backend_with_its_hashes(name: str) -> None:
    text = (TOP / name).read_text()
    for requirement in PROJECT["project"]["optional-dependencies"]["build"]:
        assert re.search(rf"^{re.escape(requirement)}[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE), requirement


def test_pip_builds_with_what_is_installed_and_checks_every_hash() -> None:
    installs = [
        line.strip().removeprefix("PYTHONUNBUFFERED=1 ")
        for line in (TOP / "onboard.sh").read_text().splitlines()
        if "pip_install " in line
    ]
    assert [line.split()[1:3] for line in installs] == [
        ["--require-hashes", "-r"],
        ["--no-deps", "--no-build-isolation"],
    ]


_PYTHON = """\
case "$1 $2" in
  "-m venv")
    mkdir -p "$4/bin"
    cp "$0" "$4/bin/python"
    cp "$0" "$4/bin/devenv" ;;
  "-m pip")
    case "$*" in
      *--require-hashes*)
        for number in $(seq 25); do echo "Collecting package-$number==1"; done
        echo "Installing collected packages: many"
        exit "${PIP_STATUS:-0}" ;;
      *--editable*) echo "Obtaining file" ;;
    esac ;;
  "- "*) cat > /dev/null; echo fingerprint ;;
esac
"""


def onboard(checkout: Path, script: Script, **environment: str) -> subprocess.CompletedProcess[str]:
    checkout.mkdir(exist_ok=True)
    script("python3", _PYTHON)
    for name in ("onboard.sh", "requirements.lock", "pyproject.toml"):
        shutil.copy(TOP / name, checkout / name)
    command = ["bash", str(checkout / "onboard.sh"), "--no-up"]
    env = {**os.environ, **environment}
    return subprocess.run(command, env=env, text=True, capture_output=True, check=False, timeout=60)


def test_the_installation_says_how_far_it_is(tmp_path: Path, script: Script) -> None:
    done = onboard(tmp_path / "checkout", script)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    reported = [line.split(":   ")[1] for line in done.stderr.splitlines() if ":   " in line]
    assert [line.split()[0] for line in reported] == ["10", "20", "25"]
    assert reported[-1] == "25 packages are fetched; installing them"


def test_an_installation_that_pip_refuses_is_not_taken_for_one(tmp_path: Path, script: Script) -> None:
    failed = onboard(tmp_path / "checkout", script, PIP_STATUS="1")
    assert failed.returncode == 1
    assert not (tmp_path / "checkout" / ".venv" / ".devenv-stamp").exists()
    assert "devenv is installed" in onboard(tmp_path / "checkout", script).stderr
