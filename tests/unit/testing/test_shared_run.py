"""What the processes of a test run share."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from devenv.testing.shared_run import Outcome, SharedRun

BRING_UP_FOREVER = """
import sys, time
from pathlib import Path
from devenv.testing.shared_run import SharedRun
run = SharedRun(Path(sys.argv[1]))
def have():
    run.note_absent()
    print("begun", flush=True)
    time.sleep(1000)
run.settle(have)
"""


@pytest.fixture
def run() -> Iterator[SharedRun]:
    run = SharedRun.begun()
    yield run
    run.end()
    assert not run.folder.exists()


def test_one_has_it_brought_up_and_all_get_what_came_of_it(run: SharedRun) -> None:
    calls: list[int] = []

    def have() -> Outcome:
        calls.append(1)
        return Outcome("the whole error", "one line")

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: SharedRun(run.folder).settle(have), range(8)))
    assert (len(calls), set(found)) == (1, {Outcome("the whole error", "one line")})
    assert not run.brought_up


def test_one_that_is_killed_leaves_it_to_the_next_and_the_environment_to_the_run(run: SharedRun) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", BRING_UP_FOREVER, str(run.folder)], stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    assert first.stdout.readline() == "begun\n"
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(run.settle, Outcome)
        assert not second.done()
        first.send_signal(signal.SIGKILL)
        assert second.result(timeout=10) == Outcome()
    first.wait()
    first.stdout.close()
    assert run.brought_up
