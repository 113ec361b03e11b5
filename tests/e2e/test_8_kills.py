"""What a run that is killed leaves behind: nothing, once the same command has been run again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.environment import Project

pytestmark = pytest.mark.e2e
BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
POINTS = 6


def test_whatever_is_killed_converges_when_it_is_run_again_and_leaves_nothing(environment: Project) -> None:
    # Other environments may be up beside this one.
    said = ended(environment, "kill_campaign.py", "--in-place", "--shared-engine", "--points", str(POINTS))
    assert f"{POINTS} points" in said


def test_workers_of_a_test_run_that_are_killed_cost_their_test_and_leave_nothing(environment: Project) -> None:
    said = ended(environment, "worker_kills.py", "--tests", "40", "--workers", "4", "--kills", "6")
    assert "6 of them killed" in said


def ended(environment: Project, program: str, *options: str) -> str:
    """What a program that looks for itself prints when it finds nothing wrong."""
    done = subprocess.run(
        [sys.executable, BENCHMARKS / program, environment.root, *options],
        env={**os.environ, **environment.env},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
