"""How soon a line that a pod writes can be found, over an environment that is up.

Takes the environment of the project in a folder, which has the stacks `logs` and `clickhouse`, and makes a pod in it,
of the image of ClickHouse. That pod writes lines, each with a word of its own, for which ClickHouse is asked, as
`devenv logs --search` asks, until the line is there; it knows when it was written. Then the command itself has to
show it.
With `--write` the table goes into the README of the stack.

    python benchmarks/logs_searchable.py FOLDER [--lines 10] [--write]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from machine import describe_machine, devenv, kubectl, run, write_table

from devenv.databases.address import Address
from devenv.logs.entries import LogQuery
from devenv.logs.stored import read_stored
from devenv.workflows.access.session import silent_session
from devenv.workflows.databases.deployed import reach
from devenv.workflows.logs import reader

README = Path(__file__).resolve().parents[1] / "stacks" / "03-observability" / "logs" / "README.md"
STORE = "clickhouse"
TARGET_SECONDS = 5.0
_POD = "line-writer"
_DELETION = ("delete", "pod", _POD, "--grace-period=0", "--force", "--ignore-not-found")
_PATIENCE_SECONDS = 60.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=10)
    parser.add_argument("--write", action="store_true", help="put the table into the stack's README")
    asked = parser.parse_args()
    found, shown = [], []
    with writer(asked.folder) as write, reach(asked.folder, silent_session()) as deployment:
        address = reader(deployment)
        for _ in range(asked.lines):
            word = write()
            found.append(until_found(address, word))
            shown.append(seconds_of_command(asked.folder, word))
    head = "| | median, s | longest, s | target, s |\n| --- | --- | --- | --- |"
    rows = [
        row("a line can be found after", found, f"{TARGET_SECONDS:g}"),
        row("`devenv logs --search`, the whole command", shown, ""),
    ]
    text = "\n".join([f"{asked.lines} lines. {describe_machine()}", "", head, *rows])
    print(text)
    if asked.write:
        write_table(README, "searchable", text)


def row(what: str, seconds: Sequence[float], target: str) -> str:
    return f"| {what} | {statistics.median(seconds):.1f} | {max(seconds):.1f} | {target} |"


@contextmanager
def writer(folder: Path) -> Iterator[Callable[[], str]]:
    """A pod, and what makes its first process write a line of one word, and gives that word."""
    command = kubectl(folder)
    sets = json.loads(run([*command, "get", "statefulsets", "--all-namespaces", "--output=json"]))["items"]
    (spec,) = (each["spec"]["template"]["spec"] for each in sets if each["metadata"]["name"] == STORE)
    image = spec["containers"][0]["image"]
    run([*command, *_DELETION])
    made = ["run", _POD, f"--image={image}", "--image-pull-policy=Never", "--restart=Never"]
    run([*command, *made, "--command", "--", "sleep", "86400"])

    def write() -> str:
        word = uuid.uuid4().hex
        run([*command, "exec", _POD, "--", "sh", "-c", f"echo {word} >/proc/1/fd/1"])
        return word

    try:
        run([*command, "wait", f"pod/{_POD}", "--for=condition=Ready", "--timeout=60s"])
        yield write
    finally:
        # A run that ends badly still says how; the next one makes the pod anew.
        subprocess.run([*command, *_DELETION], capture_output=True, check=False)


def until_found(address: Address, word: str) -> float:
    """Seconds from a line's being written until it is there."""
    query = LogQuery(since=datetime.now(UTC) - timedelta(minutes=5), search=word)
    given_up = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < given_up:
        if entries := read_stored(address, query).entries:
            written = datetime.fromisoformat(entries[0].timestamp[: len("2000-01-01T00:00:00.000000")])
            return (datetime.now(UTC) - written.replace(tzinfo=UTC)).total_seconds()
        threading.Event().wait(0.1)
    sys.exit(f"{word} is not found after {_PATIENCE_SECONDS:g} s")


def seconds_of_command(folder: Path, word: str) -> float:
    """How long the command takes that shows a line."""
    began = time.monotonic()
    if not json.loads(devenv(folder, "logs", "--search", word, "--since", "5m", "--json")):
        sys.exit(f"devenv logs does not show {word}")
    return time.monotonic() - began


if __name__ == "__main__":
    main()
