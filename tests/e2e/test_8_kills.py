"""What a run that is killed leaves behind: nothing, once the same command has been run again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.environment import Project

pytestmark = pytest.mark.e2e
CAMPAIGN = Path(__file__).resolve().parents[2] / "benchmarks" / "kill_campaign.py"
POINTS = 6


def test_whatever_is_killed_converges_when_it_is_run_again_and_leaves_nothing(environment: Project) -> None:
    # Other environments may be up beside this one.
    done = subprocess.run(
        [sys.executable, CAMPAIGN, environment.root, "--in-place", "--shared-engine", "--points", str(POINTS)],
        env={**os.environ, **environment.env},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{POINTS} points" in done.stdout
