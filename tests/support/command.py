"""The command as a program of its own, for tests that need no environment."""

from __future__ import annotations

import sys
from pathlib import Path

from devenv.adapters.process import Completed, run


def devenv(*arguments: str, cwd: Path) -> Completed:
    """Run `devenv` in a folder, however it ends."""
    return run([sys.executable, "-m", "devenv", *arguments], cwd=cwd, check=False)
