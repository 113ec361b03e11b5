"""The engine's locks: one holder, let go of however it ends, found by whoever reaches the engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from support.waiting import await_true

from devenv.adapters.docker import Engine, EngineLock, Holder
from devenv.adapters.docker.lock_image import LOCK_IMAGE, lock_program
from devenv.errors import EngineUnavailableError, LockedError, LockError
from devenv.events import Event, Noted
from devenv.images.nodes.image import configuration
from devenv.labels import LABEL_RUN, OURS
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.session import Session, silent_session

pytestmark = pytest.mark.engine
_HOLDING = """
import os, sys, threading
from devenv.adapters.docker import Engine
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.session import silent_session
with exclusive(Engine.connect(), sys.argv[1], silent_session()) as lock:
    lock.confirm()
    {work}
    print("held", flush=True)
    threading.Event().wait()
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """The engine alone: a lock takes nothing else."""
    with closing(Engine.connect()) as engine:
        yield engine


@pytest.fixture
def project(engine: Engine) -> Iterator[str]:
    """A project of the test's own, whose lock nobody is left with."""
    name = f"lock-{uuid.uuid4().hex[:8]}"
    yield name
    await_true(lambda: not engine.containers.list({"devenv.io/project": name}))


@pytest.fixture
def start_holder(project: str) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts another process that holds the project's lock, and waits until it does."""
    with ExitStack() as stack:

        def start(work: str = "pass", **env: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", _HOLDING.format(work=work), project],
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **env},
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            return process

        yield start


def reporting(reported: list[Event], **options: Any) -> Session:
    return Session(emit=reported.append, confirm=bool, open_log=Path, mask=print, **options)


def take(engine: Engine, project: str, lost: Callable[[], None] = print) -> EngineLock | Holder:
    return engine.locks.try_acquire(f"devenv_lock_{project}", {"devenv.io/project": project}, lost)


def test_one_of_many_takes_a_lock_and_each_of_the_others_gets_it_in_its_turn(engine: Engine, project: str) -> None:
    inside: list[int] = []
    order: list[int] = []

    def change(number: int) -> None:
        with exclusive(engine, project, silent_session()) as lock:
            lock.confirm()
            inside.append(number)
            assert inside == [number]
            order.append(number)
            inside.remove(number)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(order) == [0, 1, 2, 3]


def test_a_released_lock_is_free_at_once(engine: Engine, project: str) -> None:
    first = take(engine, project)
    assert isinstance(first, EngineLock)
    first.confirm()

    assert isinstance(take(engine, project), Holder)
    first.release()
    second = take(engine, project)

    assert isinstance(second, EngineLock)
    second.release(wait=True)


def test_who_waits_is_told_for_whom_and_goes_on_when_that_one_is_killed(
    engine: Engine, project: str, start_holder: Callable[..., subprocess.Popen[str]]
) -> None:
    holder = start_holder(HOME="/nonexistent", LOGNAME="alice")
    reported: list[Event] = []
    turn = threading.Event()

    def wait() -> None:
        with exclusive(engine, project, reporting(reported)) as lock:
            lock.confirm()
            turn.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    await_true(lambda: bool(reported))
    assert not turn.is_set()
    os.kill(holder.pid, signal.SIGKILL)
    waiting.join()

    assert turn.is_set()
    (note,) = reported
    assert isinstance(note, Noted)
    assert f"process {holder.pid} of alice on {os.uname().nodename}, since " in note.message


def test_no_wait_gives_up_and_says_who_is_at_work(
    engine: Engine, project: str, start_holder: Callable[..., subprocess.Popen[str]]
) -> None:
    holder = start_holder()

    with pytest.raises(LockedError, match=str(holder.pid)), exclusive(engine, project, reporting([], wait=False)):
        pass


def test_what_a_killed_run_started_ends_before_others_take_over(
    engine: Engine, project: str, start_holder: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    mark = tmp_path / "still-at-work"
    slow = f"trap '' PIPE; trap 'sleep 1; rm {mark}; exit' TERM; : >{mark}; echo; while :; do sleep 0.1; done"
    start = "; ".join(
        [
            "from devenv.adapters.process import run",
            "begun = threading.Event()",
            f"args = (['sh', '-c', {slow!r}],)",
            "options = {'on_line': lambda line: begun.set(), 'timeout': 600}",
            "threading.Thread(target=run, args=args, kwargs=options, daemon=True).start()",
            "begun.wait()",
        ]
    )
    holder = start_holder(start)

    holder.kill()
    with exclusive(engine, project, silent_session()) as lock:
        lock.confirm()
        left = mark.exists()

    assert not left


def test_a_command_within_a_command_has_the_lock_already(engine: Engine, project: str) -> None:
    session = silent_session()

    with exclusive(engine, project, session) as outer, exclusive(engine, project, session) as inner:
        assert inner is outer

    with closing(Engine.connect()) as other, exclusive(other, project, silent_session()):
        pass


def test_a_run_whose_lock_is_lost_is_stopped_and_told_so(engine: Engine, project: str) -> None:
    session = silent_session()

    def lose() -> None:
        with exclusive(engine, project, session) as lock:
            lock.confirm()
            engine.containers.remove([lock.id])
            assert session.cancel.wait(20)

    with pytest.raises(LockError, match="was lost"):
        lose()


def test_a_lock_whose_holder_died_before_it_was_started_is_freed(engine: Engine, project: str) -> None:
    first = take(engine, project)  # makes sure of the image
    assert isinstance(first, EngineLock)
    first.release(wait=True)
    dead = engine.client.api.create_container(LOCK_IMAGE, [], name=f"devenv_lock_{project}")["Id"]

    found = take(engine, project)
    assert isinstance(found, Holder)
    assert found.id == dead
    engine.locks.remove_unstarted(found)
    assert found.ended.wait(20)


def test_a_lock_that_is_held_is_not_freed_as_if_it_were_not(engine: Engine, project: str) -> None:
    with exclusive(engine, project, silent_session()) as lock:
        lock.confirm()
        holder = take(engine, project)
        assert isinstance(holder, Holder)
        engine.locks.remove_unstarted(holder)

        assert isinstance(take(engine, project), Holder)
        assert not lock.lost


@pytest.mark.parametrize("seconds", [0.0, 0.1])
def test_a_holder_killed_while_it_takes_the_lock_keeps_nobody_out(engine: Engine, project: str, seconds: float) -> None:
    script = _HOLDING.format(work="pass").replace("lock.confirm()", f"threading.Event().wait({seconds}); os._exit(9)")

    subprocess.run([sys.executable, "-c", script, project], check=False, timeout=60)
    with exclusive(engine, project, silent_session()) as lock:
        lock.confirm()


def test_the_program_of_a_lock_ends_with_its_input(tmp_path: Path) -> None:
    program = tmp_path / "hold"
    program.write_bytes(lock_program({"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]))
    program.chmod(0o755)
    process = subprocess.Popen([program], stdin=subprocess.PIPE)
    assert process.stdin

    process.stdin.write(b"anything\n")
    process.stdin.flush()
    assert process.poll() is None
    process.stdin.close()

    assert process.wait(10) == 0


def test_an_engine_of_another_architecture_is_refused_by_name() -> None:
    with pytest.raises(EngineUnavailableError, match="riscv64"):
        lock_program("riscv64")


def test_what_is_made_of_an_image_that_a_run_committed_is_not_taken_for_a_part_of_it(
    engine: Engine, project: str
) -> None:
    """As every cluster is, whose node image is a container's commit: it would go with the next run."""
    with exclusive(engine, project, silent_session(), to_the_end=True) as lock:
        lock.confirm()  # so that there is an image
    api, reference = engine.client.api, f"localhost/devenv-test/committed:{project}"
    maker = api.create_container(LOCK_IMAGE, [], labels={**OURS, LABEL_RUN: "a run that is over"})["Id"]
    base = engine.client.images.get(LOCK_IMAGE).attrs["Config"]
    try:
        engine.client.containers.get(maker).commit(*reference.split(":"), conf=configuration(base, reference))
        made = api.create_container(reference, [], labels={"devenv.io/project": project})["Id"]

        assert maker[:12] in {name.id[:12] for name in engine.containers.list({LABEL_RUN: "a run that is over"})}
        engine.containers.sweep()

        assert [container.id for container in engine.containers.list({"devenv.io/project": project})] == [made]
        assert not [container for container in engine.containers.list({LABEL_RUN: ""}) if container.id == maker]
    finally:
        engine.containers.remove(
            [container.name for container in engine.containers.list({"devenv.io/project": project})]
        )
        engine.images.remove([reference])


def test_what_a_dead_run_made_for_itself_is_swept_by_the_next_and_what_a_living_one_needs_is_not(
    engine: Engine, project: str
) -> None:
    with exclusive(engine, project, silent_session()) as lock:
        lock.confirm()
        create = engine.client.api.create_container
        dead = create(LOCK_IMAGE, [], labels={**OURS, LABEL_RUN: "a run that is over", "devenv.io/project": project})[
            "Id"
        ]
        mine = create(LOCK_IMAGE, [], labels={**engine.containers.own_labels, "devenv.io/project": project})["Id"]
        reported: list[Event] = []
        with exclusive(engine, f"{project}-other", reporting(reported)):
            pass

        left = {container.id for container in engine.containers.list({LABEL_RUN: "", "devenv.io/project": project})}
        engine.containers.remove([mine])

    assert left == {mine}
    assert dead not in left
    assert [note.message for note in reported if isinstance(note, Noted) and "had left" in note.message]
