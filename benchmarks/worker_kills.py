"""Kills workers of a test run with SIGKILL, at random, while their tests hold databases, accounts, queues and buckets.

It measures nothing: it ends with an error where a killed worker cost more than the test that it was at, where a test
saw what another one had done, or where anything is left or locked afterwards. It works in an environment that runs and
has the stacks postgres, redis, nats and localstack, as that of the end-to-end tests, or with `--only postgres` that one
alone: `python benchmarks/worker_kills.py PROJECT [--tests 100] [--workers 8] [--kills 20]`.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

import psycopg

from devenv import Environment
from devenv.databases.nats.own import ACCOUNTS
from devenv.databases.redis.layout import TESTS_COUNT
from devenv.errors import DevenvError
from devenv.spec.stack import DatabaseEngine

CONFTEST = """
import os
from pathlib import Path

import pytest

WORKERS, TAKEN = Path("workers"), Path("taken")

def pytest_sessionstart(session):
    if hasattr(session.config, "workerinput"):
        WORKERS.joinpath(str(os.getpid())).touch()

def pytest_sessionfinish(session):
    WORKERS.joinpath(str(os.getpid())).unlink(missing_ok=True)

@pytest.fixture
def taken():
    def note(name):
        # One write is whole, whoever else writes.
        with TAKEN.open("a") as file:
            file.write(name + chr(10))
    return note
"""
POSTGRES = """
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_postgres(devenv_postgres, taken, number):
    taken(devenv_postgres.name)
    client = devenv_postgres.client
    assert client.execute("SELECT count(*) FROM items").fetchone() == (1,)
    client.execute("INSERT INTO items (name) SELECT 'mine' FROM generate_series(1, 1000)")
    client.execute("SELECT pg_sleep(0.1)")
    assert client.execute("SELECT count(*) FROM items").fetchone() == (1001,)
"""
OTHERS = """
import asyncio
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_redis(devenv_redis, taken, number):
    taken("redis")
    assert devenv_redis.client.get("mine") is None
    devenv_redis.client.set("mine", "value")
    devenv_redis.client.blpop("nothing", 0.1)

@pytest.mark.parametrize("number", range({count}))
def test_nats(devenv_nats, taken, number):
    taken("nats")
    async def use():
        async with await devenv_nats.connect() as connection:
            await connection.jetstream().add_stream(name="MINE", subjects=["mine.>"])
            assert (await connection.jetstream().publish("mine.one", b"1")).seq == 1
    asyncio.run(use())

@pytest.mark.parametrize("number", range({count}))
def test_aws(devenv_sqs, devenv_s3, taken, number):
    taken("aws")
    assert devenv_s3.keys() == []
    devenv_s3.put("mine", b"1")
    devenv_sqs.send("mine")
    assert devenv_sqs.receive(wait=1) == ["mine"]
"""


def main() -> None:
    """Kill, and look."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("--tests", type=int, default=100)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--only", choices=["postgres"])
    given = parser.parse_args()
    chance = random.Random(given.seed)  # noqa: S311 -- not for secrets
    with tempfile.TemporaryDirectory() as folder:
        suite = Path(folder)
        write_suite(suite, given.tests, postgres_alone=given.only is not None)
        (suite / "taken").touch()
        said, killed = run_tests(suite, given, chance)
        names = [name for name in (suite / "taken").read_text().split() if "_clone_" in name]
    print(*said.splitlines()[-3:], sep="\n")
    problems = judge(said, given.tests, killed)
    try:
        problems += look(given.project, names, postgres_alone=given.only is not None)
    except DevenvError as error:
        problems.append(f"what is left cannot be told: {error.message}")
    if problems:
        sys.exit("\n".join(problems))
    print(f"{given.tests} tests, {given.workers} workers, {killed} of them killed: nothing is left, nothing is locked")


def write_suite(folder: Path, tests: int, *, postgres_alone: bool) -> None:
    """So many tests, a quarter of each kind."""
    (folder / "workers").mkdir()
    (folder / "conftest.py").write_text(CONFTEST)
    others = 0 if postgres_alone else tests // 4
    (folder / "test_postgres.py").write_text(POSTGRES.format(count=tests - 3 * others))
    if others:
        (folder / "test_others.py").write_text(OTHERS.format(count=others))


def run_tests(suite: Path, given: argparse.Namespace, chance: random.Random) -> tuple[str, int]:
    """What pytest says, and how many workers were killed meanwhile."""
    argv = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-p", "xdist.plugin"]
    argv += ["-p", "devenv.testing.plugin", "-n", str(given.workers), "--max-worker-restart", str(given.kills)]
    argv += ["--devenv=require", f"--devenv-directory={given.project.resolve()}"]
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    with (suite / "said").open("w+") as said:
        process = subprocess.Popen(argv, cwd=suite, env=environ, stdout=said, stderr=subprocess.STDOUT)
        killed = kill_at_random(process, suite, given, chance)
        process.wait()
        said.seek(0)
        return said.read(), killed


def kill_at_random(
    process: subprocess.Popen[bytes], suite: Path, given: argparse.Namespace, chance: random.Random
) -> int:
    """Kill a worker whenever so many tests more have begun; how many were killed."""
    taken, killed, pause = suite / "taken", 0, threading.Event()
    when = sorted(chance.sample(range(given.workers, given.tests - given.workers), given.kills))
    while process.poll() is None and killed < given.kills:
        begun = len(taken.read_text().splitlines())
        # Those that begin when others are over may be fewer than there are places.
        if begun >= when[killed] and (workers := sorted((suite / "workers").iterdir())):
            worker = chance.choice(workers)
            worker.unlink(missing_ok=True)
            os.kill(int(worker.name), signal.SIGKILL)
            killed += 1
        pause.wait(chance.uniform(0.005, 0.05))
    return killed


def judge(said: str, tests: int, killed: int) -> list[str]:
    """What is wrong with how the tests went: each killed worker may cost the test that it was at, and nothing more."""
    # Who is killed after a test has passed, and before the worker has said so, has the test told as failed too.
    told = re.findall(r"^(PASSED|FAILED|ERROR) (\S+)", said, re.MULTILINE)
    passed, failed, errors = ({test for word, test in told if word == kind} for kind in ("PASSED", "FAILED", "ERROR"))
    crashed = set(re.findall(r"worker '\w+' crashed while running '(\S+)'", said))
    if len(passed | failed) == tests and len(failed) <= killed and failed <= crashed and not errors:
        return []
    counts = f"{len(passed)} passed, {len(failed)} failed, {len(errors)} had errors"
    return [f"of {tests} tests {counts}, with {killed} killed workers\n{said[-6000:]}"]


def look(project: Path, names: list[str], *, postgres_alone: bool) -> list[str]:
    """What is left: clones, places that are held, the project's lock, a database that two tests had."""
    problems = [f"{name} was given to two tests" for name in {each for each in names if names.count(each) > 1}]
    places: dict[DatabaseEngine, int] = {} if postgres_alone else {"redis": TESTS_COUNT, "nats": ACCOUNTS}
    with Environment.running(project) as environment:
        with environment.postgres() as own:
            address = own.address
        for engine, count in places.items():
            # All of them can be had, so that none is held by anybody.
            with ExitStack() as stack:
                for _ in range(count):
                    stack.enter_context(environment.own(engine, engine))
        project_name = environment.project
    # The pool that has ended just now has dropped what killed ones have left.
    with psycopg.connect(address.url.rpartition("/")[0] + "/postgres") as connection:
        found = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE '%\\_clone\\_%'").fetchall()
        locks = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    problems += [f"database {name} is left" for (name,) in found]
    if locks != (0,):
        problems.append(f"{locks} advisory locks are held")
    held = ["docker", "ps", "-aq", "--filter", f"name=devenv_lock_{project_name}"]
    if subprocess.run(held, capture_output=True, text=True, check=True).stdout.strip():
        problems.append(f"project {project_name} is locked")
    return problems


if __name__ == "__main__":
    main()
