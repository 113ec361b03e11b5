"""How long a save takes until it runs, synced into one replica and into five: ten saves each, median and slowest.

Makes a project of its own with one service and removes it again. With `--write` the figures go into docs/dev-loop.md.

    python benchmarks/sync.py [--saves 10] [--write]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from machine import describe_machine, write_table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.dev_loop import Dev, dev
from support.environment import Project
from support.synced_project import started, write_synced_project

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.errors import ApiRefusedError, ApiUnreachableError

NAME = "devenv-bench-sync"
REPLICAS = (1, 5)
TARGETS = {1: 0.3, 5: 0.5}
_DOCS = Path(__file__).resolve().parents[1] / "docs" / "dev-loop.md"
_PAUSE = 0.7
"""Seconds between two saves, so that one is not gathered with the other."""
_BETWEEN = 0.01
"""Seconds between two questions to a pod, so that asking takes little of the cores."""
_LONGEST = 20.0


def pods(cluster: Cluster) -> list[str]:
    """Those of the service that are ready."""
    found = cluster.objects.items(f"api/v1/namespaces/{NAME}-apps/pods")
    return [pod["metadata"]["name"] for pod in found if not pod["metadata"].get("deletionTimestamp")]


def ask(cluster: Cluster, pod: str, path: str) -> str:
    """What a pod answers; nothing while it does not."""
    try:
        return cluster.read(f"api/v1/namespaces/{NAME}-apps/pods/{pod}:8000/proxy/{path}", timeout=5)
    except (ApiRefusedError, ApiUnreachableError):
        return ""


def until(cluster: Cluster, pod: str, path: str, text: str) -> float:
    """When a pod has answered with a text for the first time."""
    end = time.monotonic() + _LONGEST
    while text not in ask(cluster, pod, path):
        if time.monotonic() > end:
            sys.exit(f"{pod} does not have {text} after {_LONGEST:.0f} s")
        time.sleep(_BETWEEN)
    return time.monotonic()


def measure(cluster: Cluster, path: str, saves: int, save: Callable[[int], str]) -> list[float]:
    """Seconds from each save to the last replica's answer with it."""
    names, found = pods(cluster), []
    with ThreadPoolExecutor(len(names)) as pool:
        for number in range(saves + 1):
            time.sleep(_PAUSE)
            text = save(number)
            began = time.monotonic()
            last = max(pool.map(lambda pod, text=text: until(cluster, pod, path, text), names))
            if number:  # the first one labels the pods too
                found.append(last - began)
    return found


def row(replicas: int, what: str, running: Dev, last: list[float]) -> str:
    """A line of the table; what devenv itself has told since the line before stands beside what was measured."""
    told = [running.until("synced")["seconds"] for _ in range(len(last) + 1)][1:]
    figures = (statistics.median(last), max(last), statistics.median(told))
    return f"| {replicas} | {what} | " + " | ".join(f"{value:.2f}" for value in figures) + f" | {TARGETS[replicas]} |"


def rows(folder: Path, saves: int) -> list[str]:
    """The table's lines, measured on a project in a folder."""
    found = []
    for replicas in REPLICAS:
        write_synced_project(folder, NAME, replicas=replicas)
        project = Project(folder, {"XDG_STATE_HOME": str(folder / "state")})
        page = folder / "web" / "pages" / "a.txt"

        def save_page(number: int, page: Path = page) -> str:
            page.write_text(f"<{number}>")
            return f"<{number}>"

        def save_code(number: int, code: Path = folder / "web" / "lib" / "started.py") -> str:
            code.write_text(started(f"<{number}>"))
            return f"<{number}>"

        with (
            dev(project, "--settle", "3600", "--no-logs") as running,
            Cluster(Path(project.devenv("kubeconfig").stdout.strip())) as cluster,
        ):
            last = measure(cluster, "pages/a.txt", saves, save_page)
            found.append(row(replicas, "a file that is read for each request", running, last))
            last = measure(cluster, "started", saves, save_code)
            found.append(row(replicas, "code: Python is started anew in its container", running, last))
    return found


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=10)
    parser.add_argument("--write", action="store_true", help="put the table into docs/dev-loop.md")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder), {"XDG_STATE_HOME": f"{folder}/state"})
        try:
            lines = rows(Path(folder), wanted.saves)
        finally:
            project.devenv("down", "--yes", timeout=120)
    head = "| replicas | saved | median, s | slowest, s | as devenv tells, s | target, s |"
    table = "\n".join([describe_machine(), "", head, "| --- " * 6 + "|", *lines])
    print(table)
    if wanted.write:
        write_table(_DOCS, "sync", table)


if __name__ == "__main__":
    main()
