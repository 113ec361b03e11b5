"""The pytest plugin brings an environment up itself and takes it down: a small one, beside the one that is shared."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from support.databases import address_of, clones
from support.environment import Project, alone, engine_objects, run, state_of_its_own
from support.small_project import write_small_project
from support.suites import Suite, output, suite
from support.waiting import await_true

pytestmark = pytest.mark.e2e
PROJECT = "devenv-e2e-small"
NODE = f"devenv-{PROJECT}-control-plane"
TESTS = """
import pytest

@pytest.mark.parametrize("number", range(3))
def test_has_its_own(devenv_postgres, number):
    client = devenv_postgres.client
    assert client.execute("SELECT count(*) FROM items").fetchone() == (1,)
    client.execute("DELETE FROM items")
"""
KILLING = """
import subprocess

import psycopg
import pytest

def test_before(devenv_postgres):
    assert devenv_postgres.client.execute("SELECT count(*) FROM items").fetchone() == (1,)

def test_meanwhile(devenv_postgres):
    devenv_postgres.client.execute("SELECT 1")
    subprocess.run(["docker", "kill", "{node}"], check=True)
    devenv_postgres.client.execute("SELECT 1")

@pytest.mark.parametrize("number", range(20))
def test_afterwards(devenv_postgres, number):
    pass
"""


@pytest.fixture(scope="module")
def home() -> str:
    """Asked for before pytester takes it away."""
    return os.environ["HOME"]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("small")
    write_small_project(root, PROJECT)
    with alone(Project(root, state_of_its_own(tmp_path_factory))) as project:
        yield project


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """Where processes of the tests leave their temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def tests(
    home: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, small: Project, temporary: Path
) -> Suite:
    for name, value in {**small.env, "TMPDIR": str(temporary)}.items():
        monkeypatch.setenv(name, value)
    return suite(pytester, monkeypatch, small.root, home)


def kill_whoever_brings_it_up() -> int:
    """Kill a process once the node that it makes is there; returns its number."""
    holder = ["docker", "ps", "--filter", f"name=devenv_lock_{PROJECT}", "--format", '{{.Label "devenv.io/pid"}}']
    await_true(lambda: NODE in run(["docker", "ps", "--format", "{{.Names}}"]).split(), 90)
    found = int(run(holder))
    os.kill(found, signal.SIGKILL)
    return found


def test_workers_go_on_when_the_one_is_killed_that_brings_it_up(tests: Suite, small: Project, temporary: Path) -> None:
    assert small.status()["cluster"]["state"] == "absent"
    tests.pytester.makepyfile(test_one=TESTS, test_two=TESTS)
    with ThreadPoolExecutor(1) as aside:
        killed = aside.submit(kill_whoever_brings_it_up)
        result = tests.run("--devenv=auto", "--devenv-keep", workers=2)
    assert killed.result() != os.getpid()
    # The worker in its place runs the test again that the killed one was at.
    result.assert_outcomes(passed=6, failed=1)
    told = output(result)
    assert "crashed while running" in told
    assert "Create cluster" in told, "what is waited for is told"
    assert "the environment stays up (--devenv-keep)" in told
    assert not run(["docker", "ps", "-aq", "--filter", f"name=devenv_lock_{PROJECT}"]).split()
    assert list(temporary.iterdir()) == []
    assert clones(small) == []


def test_one_that_runs_is_used_and_stays(tests: Suite, small: Project) -> None:
    before = run(["docker", "inspect", "--format", "{{.Id}}", NODE])
    tests.pytester.makepyfile(TESTS)
    tests.run("--devenv=auto").assert_outcomes(passed=3)
    assert run(["docker", "inspect", "--format", "{{.Id}}", NODE]) == before
    with psycopg.connect(address_of(small, "postgres").url) as connection:
        connection.execute("DELETE FROM items")
    result = tests.run("--devenv=fresh")
    result.assert_outcomes(errors=3)
    assert output(result).count("cause: More than their seeds may be in postgres") == 1
    assert run(["docker", "inspect", "--format", "{{.Id}}", NODE]) == before, "data would have been lost"


def test_a_fresh_one_that_is_killed_meanwhile_is_told_once_and_taken_down(tests: Suite, small: Project) -> None:
    small.devenv("reset-db", "--yes")
    before = run(["docker", "inspect", "--format", "{{.Id}}", NODE])
    tests.pytester.makepyfile(KILLING.replace("{node}", NODE))
    result = tests.run("--devenv=fresh")
    result.assert_outcomes(passed=1, failed=1, errors=20)
    told = output(result)
    assert before.strip() not in told
    assert told.count("hint: devenv up") == 1
    # Of each test one line; the one that it was taken from has it behind its own traceback.
    assert told.count("\nthe environment is gone: ") == 21
    assert f"devenv-{PROJECT}" not in engine_objects()["networks"]
