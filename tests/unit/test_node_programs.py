"""Programs that wait in nodes, run here, with a script in the place of `docker exec`."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.nodes import unreachable_engine
from support.programs import Script

from devenv.adapters.docker import Engine
from devenv.images.node_programs import NodePrograms
from devenv.images.node_stream import NodeStream

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


def end(*streams: NodeStream) -> None:
    for stream in streams:
        stream.dismiss()
        stream.join()


def test_a_load_takes_what_waits_and_starts_what_does_not(engine: Engine, started: Path) -> None:
    programs = NodePrograms()
    with programs.kept_waiting(engine, ["one", "two"], None):
        taken = [programs.take(engine, node, None) for node in ("one", "two", "one")]
        end(*taken)
    assert sorted(started.read_text().split()) == ["one", "one", "two"]
    assert all(stream.error is None and stream.is_over for stream in taken)


def test_what_was_taken_is_replaced_and_what_is_left_ends(engine: Engine, started: Path) -> None:
    programs = NodePrograms()
    with programs.kept_waiting(engine, ["one", "two"], None) as make_ready:
        end(programs.take(engine, "one", None))
        make_ready()
        make_ready()
        left = list(programs._waiting.values())
        assert len(left) == 2
    assert all(stream.is_over for stream in left)
    assert sorted(started.read_text().split()) == ["one", "one", "two"]
    assert not programs._waiting


@pytest.mark.parametrize("why", ["other run", "gone", "old"])
def test_what_cannot_serve_is_not_taken(engine: Engine, why: str) -> None:
    programs, cancel = NodePrograms(), threading.Event()
    node = "gone" if why == "gone" else "one"
    with programs.kept_waiting(engine, [node], cancel):
        (waiting,) = programs._waiting.values()
        if why == "gone":
            waiting.join()
        elif why == "old":
            waiting._started -= 3600
        taken = programs.take(engine, node, None if why == "other run" else cancel)
        assert taken is not waiting
        end(taken, waiting)
