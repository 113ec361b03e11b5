"""Processes that take clones, each from a pool of its own, as workers of a test run do; some are killed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict

from devenv.databases.address import Address
from devenv.databases.clones import ClonePool
from devenv.databases.engines import open_database

_PROGRAM = """
import json, sys
import psycopg
from devenv.databases.address import Address
from devenv.databases.clones import ClonePool
from devenv.databases.engines import open_database
given = json.loads(sys.stdin.readline())
address = Address(**given["address"])
with ClonePool(lambda: open_database(address), address.name, size=1) as pool:
    for _ in range(given["takes"]):
        clone = pool.take()
        with psycopg.connect(clone.url, autocommit=True) as connection:
            found = connection.execute("SELECT count(*) FROM items").fetchone()[0]
            print(clone.name, found, flush=True)
            connection.execute("DELETE FROM items")
        pool.give_back(clone)
"""
_HOLD = """
import json, sys
from devenv.databases.address import Address
from devenv.databases.clones import ClonePool
from devenv.databases.engines import open_database
address = Address(**json.loads(sys.stdin.readline()))
with ClonePool(lambda: open_database(address), address.name, size=1) as pool:
    print(pool.take().name, flush=True)
    sys.stdin.readline()
"""


def pool_of(address: Address, size: int = 2, *, empty: bool = False) -> ClonePool:
    """A pool in this process."""
    return ClonePool(lambda: open_database(address), address.name, size, empty=empty)


@contextmanager
def holding_a_clone(address: Address) -> Iterator[str]:
    """The name of a clone that another process has taken; the process is killed at the end."""
    argv = [sys.executable, "-c", _HOLD]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(asdict(address)) + "\n")
        process.stdin.flush()
        yield process.stdout.readline().strip()
        process.kill()


def take_and_be_killed(address: Address, *, workers: int, takes: int, kills: int, seed: int) -> list[tuple[str, int]]:
    """Have workers take clones, empty their table `items`, and give them back; some are killed with SIGKILL.

    A worker that was killed is followed by another one, which takes the rest.

    Returns:
        The name of each clone that was handed out, with the number of rows that were found in it.
    """
    chance = random.Random(seed)  # noqa: S311 -- not for secrets
    whom = [chance.randrange(workers) for _ in range(kills)]

    def work(worker: int) -> list[tuple[str, int]]:
        taken: list[tuple[str, int]] = []
        for _ in range(whom.count(worker)):
            taken += _run(address, takes - len(taken), killed_at=chance.randint(1, takes // kills))
        return taken + _run(address, takes - len(taken))

    with ThreadPoolExecutor(workers) as threads:
        return [each for taken in threads.map(work, range(workers)) for each in taken]


def _run(address: Address, takes: int, killed_at: int | None = None) -> list[tuple[str, int]]:
    """What a worker says that it was handed; one that is killed has got at least so many, and may be anywhere then."""
    argv = [sys.executable, "-c", _PROGRAM]
    taken = []
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps({"address": asdict(address), "takes": takes}) + "\n")
        process.stdin.flush()
        # What stands behind the last line's end was said halfway.
        for line in (line for line in process.stdout if line.endswith("\n")):
            name, found = line.split()
            taken.append((name, int(found)))
            if len(taken) == killed_at:
                process.kill()
    assert killed_at or process.returncode == 0
    return taken
