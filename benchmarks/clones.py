"""How long tests wait for a PostgreSQL database of their own.

Cold: one client, from opening a pool of one to its first clone, and the clone alone. Warm: threads over one pool, and
processes with a pool each, as workers of pytest-xdist have. Each test connects, and lasts a tenth of a second. Alone,
it measures an environment that runs: `python benchmarks/clones.py examples/alt postgres`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import psycopg
from machine import describe_machine

from devenv.databases.address import Address
from devenv.databases.clones import ClonePool
from devenv.databases.engines import open_database
from devenv.workflows.access.session import silent_session
from devenv.workflows.databases.deployed import reach

THREADS = (1, 4, 16)
PROCESSES = (4, 8)
COLD = 10
TAKES = 50
TEST_SECONDS = 0.1
SIZE_OF_A_WORKER = 2


@dataclass(frozen=True)
class Clones:
    """Seconds that clients wait for their clones of one database."""

    database: str
    clone: Sequence[float]
    """The clone alone."""
    first: Sequence[float]
    """From opening a pool."""
    threads: Mapping[int, Sequence[float]]
    """Number of clients to all of their waits."""
    processes: Mapping[int, Sequence[float]]


def measure_clones(name: str, address: Address) -> Clones:
    """All waits for clones of one database."""
    with open_database(address) as database:
        alone = []
        for number in range(COLD):
            clone = f"{address.name}_clone_0_{number}"
            began = time.monotonic()
            database.clone(clone)
            alone.append(time.monotonic() - began)
            database.drop_clone(clone)
    first = [_first_wait(address) for _ in range(COLD)]
    threads = {clients: _waits_of_threads(address, clients) for clients in THREADS}
    processes = {workers: _waits_of_processes(address, workers) for workers in PROCESSES}
    return Clones(name, alone, first, threads, processes)


def render_clones(measured: Sequence[Clones]) -> str:
    """A table in milliseconds."""
    lines = ["| PostgreSQL clones, ms | median | p99 (of the cold ones: the longest) |", "| --- | --- | --- |"]
    for one in measured:
        lines.append(f"| {one.database}, cold, the clone alone | {_ms(statistics.median(one.clone), max(one.clone))} |")
        lines.append(f"| {one.database}, cold, with a new pool | {_ms(statistics.median(one.first), max(one.first))} |")
        for what, counted in (("threads with one pool", one.threads), ("processes with a pool each", one.processes)):
            for clients, waits in counted.items():
                figures = _ms(statistics.median(waits), statistics.quantiles(waits, n=100)[-1])
                lines.append(f"| {one.database}, {what}: {clients} | {figures} |")
    return "\n".join(lines)


def _ms(*seconds: float) -> str:
    return " | ".join(f"{each * 1000:.1f}" for each in seconds)


def _first_wait(address: Address) -> float:
    began = time.monotonic()
    with ClonePool(lambda: open_database(address), address.name, size=1) as pool:
        pool.take()
        return time.monotonic() - began


def _waits_of_threads(address: Address, clients: int) -> list[float]:
    with ClonePool(lambda: open_database(address), address.name, size=2 * clients) as pool:
        _warm(pool, clients)
        with ThreadPoolExecutor(clients) as threads:
            return [wait for waits in threads.map(lambda _: _tests(pool), range(clients)) for wait in waits]


def _waits_of_processes(address: Address, workers: int) -> list[float]:
    context = multiprocessing.get_context("spawn")
    together, waits = context.Barrier(workers), context.SimpleQueue()
    processes = [context.Process(target=_work, args=(address, together, waits)) for _ in range(workers)]
    for process in processes:
        process.start()
    found = [wait for _ in processes for wait in waits.get()]
    for process in processes:
        process.join()
    return found


def _work(address: Address, together: Barrier, waits: SimpleQueue[list[float]]) -> None:
    with ClonePool(lambda: open_database(address), address.name, SIZE_OF_A_WORKER) as pool:
        _warm(pool, 1)
        together.wait()
        waits.put(_tests(pool))


def _warm(pool: ClonePool, clients: int) -> None:
    taken = [pool.take() for _ in range(clients)]
    for clone in taken:
        pool.give_back(clone)


def _tests(pool: ClonePool) -> list[float]:
    waits = []
    for _ in range(TAKES):
        began = time.monotonic()
        clone = pool.take()
        waits.append(time.monotonic() - began)
        with psycopg.connect(clone.url) as connection:
            connection.execute("SELECT 1")
            threading.Event().wait(TEST_SECONDS)  # the test's own work
        pool.give_back(clone)
    return waits


def main() -> None:
    """Measure a database of an environment that runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("stack")
    given = parser.parse_args()
    with reach(given.project, silent_session(), [given.stack]) as deployment:
        address = deployment.address(*deployment.choose([given.stack]))
    print(describe_machine(), render_clones([measure_clones(given.stack, address)]), sep="\n\n")


if __name__ == "__main__":
    main()
