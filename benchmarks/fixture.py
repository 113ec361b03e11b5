"""How long 200 tests over PostgreSQL take: with devenv_postgres, a container for each module, and one shared database.

The same tests (`fixture_suite.py`), the same image with the same settings, schema and rows, in one run: with
devenv_postgres and four workers; with a container for each module, started and awaited by the engine's Python library,
and four workers; with one database whose tables are all truncated and filled again before each test, and one worker.
Run it as `PYTHONPATH=tests python benchmarks/fixture.py`; with `--write` its table goes into docs/testing.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fixture_suite import ROWS, SCHEMA, TABLES, write_suite
from machine import describe_machine, devenv, run, seconds_of, write_table
from support.small_project import write_small_project

from devenv import Environment
from devenv.adapters.docker import Engine

DOCS = Path(__file__).resolve().parents[1] / "docs" / "testing.md"
PROJECT = "devenv-bench-fixture"
IMPORTS = 11
PLUGINS = ("-p", "xdist.plugin", "-p", "devenv.testing.plugin")


@dataclass(frozen=True)
class Way:
    """A way for tests to have a database."""

    title: str
    suite: str
    workers: int
    plugin: bool = False


WAYS = (
    Way("`devenv_postgres`, 4 workers", "own", 4, plugin=True),
    Way("a container for each module, 4 workers", "container", 4),
    Way("one database, all tables truncated and filled before each test, 1 worker", "shared", 1),
    Way("`devenv_postgres`, 1 worker", "own", 1, plugin=True),
)


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", type=int, default=40)
    parser.add_argument("--tests", type=int, default=5, help="in each module")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=sorted({way.suite for way in WAYS}))
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    labels = {"devenv.io/benchmark": uuid.uuid4().hex}
    with tempfile.TemporaryDirectory() as folder, environment(Path(folder)) as project:
        for how in {way.suite for way in WAYS}:
            write_suite(project / how, how, modules=given.modules, tests=given.tests, labels=labels)
        with Environment.running(project) as running, running.postgres() as shared:
            variables = {"SHARED_URL": shared.url, "IMAGE": image_of_the_server()}
            ways = [way for way in WAYS if given.only in (None, way.suite)]
            # Round by round, so that whatever else the machine does meanwhile meets all of them.
            rounds = [[measure(way, project, variables) for way in ways] for _ in range(given.rounds)]
    medians = {way: statistics.median(times) for way, times in zip(ways, zip(*rounds, strict=True), strict=True)}
    table = render(medians, given.modules, given.tests, given.rounds)
    table += f"\n\nThe plugin, where no test asks for it: {1000 * seconds_of_the_import():.1f} ms of each `pytest`."
    print(describe_machine(), table, sep="\n\n")
    if given.write:
        write_table(DOCS, "fixture", f"{describe_machine()}\n\n{table}")


@contextmanager
def environment(folder: Path) -> Iterator[Path]:
    """An environment with PostgreSQL alone, taken away at the end."""
    write_small_project(folder, PROJECT, seed=SCHEMA + ROWS)
    with ExitStack() as stack:
        stack.callback(devenv, folder, "down", "--yes")
        devenv(folder, "up", "--yes")
        yield folder


def image_of_the_server() -> str:
    """The image that the environment's server runs, newest first."""
    engine = Engine.connect()
    for repository in ("localhost/devenv/postgres", "docker.io/library/postgres", "postgres"):
        for image in engine.client.images.list(name=repository):
            if image.tags:
                return str(image.tags[0])
    sys.exit("there is no image of PostgreSQL in the engine")


def measure(way: Way, project: Path, variables: Mapping[str, str]) -> float:
    """Seconds of the whole pytest; ends the benchmark where a test fails."""
    options = [*PLUGINS, f"--devenv-directory={project}", "--devenv=require"] if way.plugin else [*PLUGINS[:2]]
    spread = ["-n", str(way.workers), "--dist", "loadfile"] if way.workers > 1 else []
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *spread]
    environ = {**os.environ, **variables, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}

    def run_tests() -> None:
        done = subprocess.run(argv, cwd=project / way.suite, env=environ, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{way.title}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}")

    seconds = seconds_of(run_tests)
    print(f"{way.title}: {seconds:.1f} s, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    return seconds


def seconds_of_the_import() -> float:
    """The median of what the plugin's import takes, of what pytest has not imported already."""
    program = "import time, pytest; began = time.perf_counter(); import devenv.testing.plugin"
    argv = [sys.executable, "-c", f"{program}; print(time.perf_counter() - began)"]
    return statistics.median(float(run(argv)) for _ in range(IMPORTS))


def render(medians: Mapping[Way, float], modules: int, tests: int, rounds: int) -> str:
    """A table of seconds, and how many times as long as the first."""
    first = next(iter(medians.values()))
    lines = [
        f"| {modules * tests} tests in {modules} modules, {TABLES} tables, medians of {rounds} | s | times as long |",
        "| --- | --- | --- |",
        *(f"| {way.title} | {seconds:.1f} | {seconds / first:.1f} |" for way, seconds in medians.items()),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
