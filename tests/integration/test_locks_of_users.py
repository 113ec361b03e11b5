"""One run at a time, whoever they are that reach the engine: two users with homes of their own, and a container.

Users are numbers here, members of the engine's group who may read the checkout of the tests; a container is what one is
made of, namespaces of its own with the engine's socket in reach.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from devenv.adapters.engine.service import SOCKET

pytestmark = [
    pytest.mark.root,
    pytest.mark.engine,
    pytest.mark.skipif(os.geteuid() != 0, reason="becomes other users"),
]
CHECKOUT = Path(__file__).parents[2]
ALICE, BOB = 61001, 61002
NAMES = {ALICE: "alice", BOB: "bob", 0: "builder"}
HOLDING = """
import sys, threading
from devenv.adapters.docker import Engine
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.session import Session
session = Session(emit=print, confirm=bool, open_log=print, mask=print, command="up")
with exclusive(Engine.connect(), sys.argv[1], session) as lock:
    lock.confirm()
    print("held", flush=True)
    threading.Event().wait()
"""
NAMING = (
    "import sys; from devenv.adapters.process import this_process; print(this_process(), flush=True); sys.stdin.read()"
)
ASKING = "import sys; from devenv.adapters.process import is_over; print(is_over(sys.argv[1]))"
IN_CONTAINER = 'hostname in-a-container; exec "$@"'
DOWN = (sys.executable, "-m", "devenv", "down", "--yes")
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def project(tmp_path: Path) -> str:
    """A project that nobody has brought up, in a folder of each user's own; the lock is all that there is of it."""
    name = f"users-{uuid.uuid4().hex[:8]}"
    for user in NAMES:
        folder = tmp_path / str(user)
        (folder / "home").mkdir(parents=True)
        (folder / "devenv.yaml").write_text(f"project: {name}\nstacks: []\n")
        for path in (folder, folder / "home", folder / "devenv.yaml"):
            shutil.chown(path, user, user)
    return name


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a program as a user, in the user's folder, with an environment as from a login; all end here."""

    def begin(user: int, argv: Sequence[str]) -> subprocess.Popen[str]:
        folder = tmp_path / str(user)
        process = subprocess.Popen(
            [*become(user), *argv],
            cwd=folder,
            env={
                "HOME": f"{folder}/home",
                "LOGNAME": NAMES[user],
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(CHECKOUT),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        stack.callback(process.communicate)
        stack.callback(process.kill)
        return process

    with ExitStack() as stack:
        yield begin


def become(user: int) -> list[str]:
    """The words before a program that a user runs; root's runs in namespaces of its own."""
    if user == 0:
        return ["unshare", "--fork", "--kill-child", "--pid", "--mount-proc", "--uts", "sh", "-c", IN_CONTAINER, "sh"]
    groups = f"--groups={SOCKET.stat().st_gid}"
    reads = ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return ["setpriv", f"--reuid={user}", f"--regid={user}", groups, *reads]


def test_a_process_that_another_user_may_not_see_is_not_taken_for_over(project: str, start: Start) -> None:
    """Where /proc shows each user their own processes only (hidepid, proc(5)), as shared machines often have it."""
    living = start(ALICE, [sys.executable, "-c", NAMING])
    assert project
    assert living.stdout
    name = living.stdout.readline().strip()
    hidden = ["unshare", "--mount", "sh", "-ec", 'mount -t proc -o hidepid=2 proc /proc; exec "$@"', "sh"]
    ask = [*hidden, *become(BOB), sys.executable, "-c", ASKING, name]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT)}

    assert subprocess.run(ask, capture_output=True, text=True, check=True, env=env).stdout == "False\n"
    living.kill()
    living.communicate()
    assert subprocess.run(ask, capture_output=True, text=True, check=True, env=env).stdout == "True\n"


@pytest.mark.parametrize("first", [ALICE, 0])
def test_others_are_told_for_whom_they_wait_and_go_on_when_that_one_is_killed(
    project: str, start: Start, first: int
) -> None:
    holder = start(first, [sys.executable, "-c", HOLDING, project])
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    who = f"{holder.pid} of alice on {os.uname().nodename}" if first else "1 of builder on in-a-container"
    others = [user for user in NAMES if user != first]

    refused = [start(user, [*DOWN, "--no-wait"]) for user in others]
    waiting = [start(user, DOWN) for user in others]
    for process in refused:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 1, errors
        assert f"project {project} is being changed by devenv up (process {who}, since 20" in errors
    for process in waiting:
        assert process.stderr
        assert f"waiting for devenv up (process {who}, since 20" in process.stderr.readline()
        assert process.poll() is None

    os.kill(holder.pid, signal.SIGKILL)
    for process in waiting:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert "nothing to remove" in errors
