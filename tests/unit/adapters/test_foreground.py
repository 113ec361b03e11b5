"""A program in devenv's place: its own words, status and signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from devenv.adapters.process import run_in_foreground
from devenv.errors import ToolMissingError

RUN = """
import os, sys
from devenv.adapters.process import run_in_foreground
sys.exit(run_in_foreground(sys.argv[1:], os.environ))
"""


@pytest.mark.parametrize(("script", "status"), [("exit 7", 7), ("kill -KILL $$", 128 + signal.SIGKILL)])
def test_its_status_is_told_as_by_a_shell(script: str, status: int) -> None:
    assert run_in_foreground(["sh", "-c", script], os.environ) == status


def test_it_has_the_inputs_and_outputs_and_exactly_the_variables() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUN, "sh", "-c", 'cat; echo "$MINE" >&2'],
        input="typed",
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MINE": "told"},
    )
    assert (done.stdout, done.stderr) == ("typed", "told\n")


def test_what_asks_to_end_is_passed_on_and_the_program_is_awaited() -> None:
    script = "trap 'echo asked; exit 3' TERM; echo ready; while :; do sleep 0.05; done"
    process = subprocess.Popen([sys.executable, "-c", RUN, "sh", "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert (process.stdout.read(), process.wait(timeout=10)) == ("asked\n", 3)
    process.stdout.close()


def test_a_program_that_there_is_not_is_told() -> None:
    with pytest.raises(ToolMissingError, match="no-such-program"):
        run_in_foreground(["no-such-program"], os.environ)
