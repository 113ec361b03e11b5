"""Programs and files that tests need on the machine; without them a test skips on a laptop and fails in CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from devenv.adapters.tools.toolchain import Toolchain
from devenv.spec.catalogue import load_versions

CI = os.environ.get("CI") == "true"
Script = Callable[[str, str], Path]
"""Puts a shell script on PATH under a name: the fixture `script`."""


def require_program(name: str) -> Path:
    """The path of a program on PATH."""
    found = shutil.which(name)
    return Path(found) if found else missing(f"{name} on PATH")


def require_tool(name: str) -> Path:
    """The path of a program as devenv itself finds it: on PATH in a version that fits, else in devenv's cache."""
    located = Toolchain(load_versions().tools).locate(name)
    return located.path or missing(f"{name} on PATH in a version that fits, or in the cache")


def own_kube_cache(folder: Path) -> dict[str, str]:
    """The environment for a kubectl or Helm of the tests' own: that devenv leaves nothing in ~/.kube is tested."""
    return {**os.environ, "KUBECACHEDIR": str(folder / "kube-cache")}


def missing(what: str) -> NoReturn:
    """End a test for want of something."""
    if CI:
        pytest.fail(f"CI must have it, and has not: {what}")
    pytest.skip(f"not on this machine: {what}")
