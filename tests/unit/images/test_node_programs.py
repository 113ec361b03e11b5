"""Programs that wait in nodes, run here, with a script in the place of `docker exec`."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.nodes import unreachable_engine
from support.programs import Script

from devenv.adapters.docker import Engine
from devenv.errors import CommandFailedError
from devenv.images.nodes.program import NodeProgram
from devenv.images.nodes.programs import NodePrograms

DOCKER = """
shift 2
[ "$1" != gone ] || { echo "Error: No such container: gone" >&2; exit 1; }
echo "$1" >> "$STARTED"
shift
exec "$@"
"""


@pytest.fixture
def started(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file into which each started program writes the name of its node."""
    script("docker", DOCKER)
    monkeypatch.setenv("STARTED", str(tmp_path / "started"))
    return tmp_path / "started"


@pytest.fixture
def engine(started: Path) -> Engine:
    assert started
    return unreachable_engine()


def end(*programs: NodeProgram) -> None:
    for program in programs:
        program.end()
        program.join()


def test_a_load_takes_what_waits_and_starts_what_does_not(engine: Engine, started: Path) -> None:
    programs = NodePrograms()
    with programs.kept_waiting(engine, ["one", "two"], None):
        taken = [programs.take(engine, node, None) for node in ("one", "two", "one")]
        end(*taken)
    assert sorted(started.read_text().split()) == ["one", "one", "two"]
    assert all(program.error is None and program.is_over for program in taken)


def test_what_has_served_serves_again_and_ends_with_the_last_who_keeps_it(engine: Engine, started: Path) -> None:
    programs = NodePrograms()
    with programs.kept():
        with programs.kept():
            first = programs.take(engine, "one", None)
            programs.give_back(first)
        end(other := programs.take(engine, "two", None))
        assert programs.take(engine, "one", None) is first is not other
        programs.give_back(first)
        over = [first.is_over]
    assert [*over, first.is_over] == [False, True]
    assert sorted(started.read_text().split()) == ["one", "two"]


def test_what_nobody_keeps_ends_when_it_is_given_back(engine: Engine) -> None:
    programs = NodePrograms()
    program = programs.take(engine, "one", None)
    programs.give_back(program)
    assert program.is_over
    assert program.error is None


def test_what_is_gone_is_replaced_and_what_is_left_ends(engine: Engine, started: Path) -> None:
    programs = NodePrograms()
    with programs.kept_waiting(engine, ["one", "two"], None) as make_ready:
        end(programs.take(engine, "one", None))
        make_ready()
        make_ready()
        left = list(programs._waiting)
        assert len(left) == 2
    assert all(program.is_over for program in left)
    assert sorted(started.read_text().split()) == ["one", "one", "two"]
    assert not programs._waiting


@pytest.mark.parametrize("why", ["other run", "gone", "old"])
def test_what_cannot_serve_is_not_taken(engine: Engine, why: str) -> None:
    programs, cancel = NodePrograms(), threading.Event()
    node = "gone" if why == "gone" else "one"
    with programs.kept_waiting(engine, [node], cancel):
        (waiting,) = programs._waiting
        if why == "gone":
            waiting.join()
        elif why == "old":
            waiting._started -= 3600
        taken = programs.take(engine, node, None if why == "other run" else cancel)
        assert taken is not waiting
        end(taken, waiting)


def test_whom_a_program_works_for_is_told_of_its_end(engine: Engine) -> None:
    program = NodePrograms().take(engine, "gone", None)
    reported = threading.Event()
    program.serve(lambda _: None, reported.set)
    assert reported.wait(5)
    assert isinstance(program.error, CommandFailedError)
    late = threading.Event()
    program.serve(lambda _: None, late.set)
    assert late.is_set()
