"""Small test suites that use devenv's plugin, run by a pytest of their own."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

_PLUGIN = ("-p", "devenv.testing.plugin")
"""Named, and all others left out: whatever is installed here, a suite has this one and pytest's own."""
_XDIST = ("-p", "xdist.plugin")


@dataclass(frozen=True)
class Suite:
    """A folder of tests, and the project that they are about."""

    pytester: pytest.Pytester
    project: Path

    def run(self, *options: str, workers: int = 0, timeout: float = 400) -> pytest.RunResult:
        """Run all tests of the folder."""
        parallel: Sequence[str] = (*_XDIST, "-n", str(workers), "--dist", "loadscope") if workers else ()
        # In one word: what stands alone and is a path, pytest counts among the places of tests.
        where = f"--devenv-directory={self.project}"
        return self.pytester.runpytest_subprocess(*_PLUGIN, *parallel, where, *options, timeout=timeout)


def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, project: Path, home: str) -> Suite:
    """A suite that is still empty. `home` is the one that devenv keeps its things in: pytester has its own."""
    monkeypatch.setenv("HOME", home)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]), prepend=os.pathsep)
    return Suite(pytester, project)


def output(result: pytest.RunResult) -> str:
    """Everything that a run has printed."""
    return "\n".join([*result.outlines, *result.errlines])


def examples(page: Path) -> dict[str, str]:
    """The files that a page of the documentation shows, by their names, which are their first lines."""
    blocks = re.findall(r"^```python\n# (test_\w+)\.py\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    return dict(blocks)
