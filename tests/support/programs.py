"""Programs that tests need on the machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

CI = os.environ.get("CI") == "true"


def require_program(name: str) -> Path:
    """The program's path; without it a test skips on a laptop and fails in CI."""
    found = shutil.which(name)
    if found is None:
        if CI:
            pytest.fail(f"{name} is missing, and CI must have it")
        pytest.skip(f"{name} is not installed")
    return Path(found)
