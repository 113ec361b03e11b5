"""What `onboard.sh` installs is hashed and locked, its build backend included."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

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
    installs = [line.strip() for line in (TOP / "onboard.sh").read_text().splitlines() if "pip_install " in line]
    assert [line.split()[1:3] for line in installs] == [
        ["--require-hashes", "-r"],
        ["--no-deps", "--no-build-isolation"],
    ]
