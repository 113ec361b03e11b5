"""Resets of a database by others: many at once, and one whose process is killed in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from devenv.databases.address import Address
from devenv.databases.engines import open_database
from support.waiting import await_true

_PROGRAM = """
import json, sys
from devenv.databases.address import Address
from devenv.databases.engines import open_database
wanted = json.loads(sys.stdin.readline())
with open_database(Address(**wanted["address"])) as database:
    print("begun", flush=True)
    while True:
        exec(wanted["before_each"])
        database.reset()
"""


def reset_at_once(address: Address, times: int) -> None:
    """Reset over so many connections at the same time; raises what any of them raises."""

    def reset(_: int) -> None:
        with open_database(address) as database:
            database.reset()

    with ThreadPoolExecutor(times) as pool:
        list(pool.map(reset, range(times)))


def kill_while_resetting(address: Address, after: float, before_each: str = "pass") -> None:
    """Have a process reset without end, and kill it after some seconds, wherever it then happens to be.

    Args:
        address: of the database.
        after: seconds from its connection.
        before_each: a statement of Python that it executes before each reset; `database` is the database.
    """
    _kill_while_resetting(address, lambda: threading.Event().wait(after), before_each)


def kill_while_resetting_at(address: Address, seen: Callable[[], bool], before_each: str = "pass") -> None:
    """Have a process reset without end, and kill it as soon as something of it is seen."""
    _kill_while_resetting(address, lambda: await_true(seen, seconds=120), before_each)


def _kill_while_resetting(address: Address, wait: Callable[[], object], before_each: str = "pass") -> None:
    argv = [sys.executable, "-c", _PROGRAM]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps({"address": asdict(address), "before_each": before_each}) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "begun\n"
        wait()
        assert process.poll() is None, "it ended by itself"
        process.kill()
