"""What containerd itself takes for a small change: an image of 2 MB, imported out of a file that lies in the node.

No load into containerd through its own client can be quicker; `devenv load` has the way there to add. A program waits
in each node, as with `devenv dev`. One cluster with three nodes, in one, two and all of which the same is done at once.
Run it as `python benchmarks/import_floor.py`; with `--write` its table goes into docs/loading.md.
"""

from __future__ import annotations

import argparse
import queue
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from load import CHANGED_MEGABYTES, DOCS, ROUNDS
from load_rivals import Images, cluster, forget
from machine import busy_seconds, describe_machine, run, write_table

from devenv.adapters.docker import Engine
from devenv.adapters.tools.toolchain import Toolchain
from devenv.images.load.loader import load
from devenv.images.nodes.program import NodeProgram
from devenv.spec.catalogue import load_versions
from devenv.spec.image_reference import normalise

NODES = 3
FILE = "/run/devenv-benchmark.tar"
CTR = "ctr --namespace=k8s.io images"
LOCAL = f"local=$({CTR} import --help | grep -o -m 1 -w -e --local) || true"
"""Where ctr has the server export, it was seen to end with status 0 before the file was whole."""
READY, TAKEN, OVER = "ready", "end of import", "end of the program"
PROGRAM = f"set -e; {LOCAL}; echo {READY}; while read -r _; do {CTR} import $local {FILE}; echo {TAKEN}; done"


@dataclass(frozen=True)
class Floor:
    """An import into some nodes at once."""

    nodes: int
    seconds: float
    busy_seconds: float
    """Of all cores."""


class Importer:
    """A program that waits in a node."""

    def __init__(self, engine: Engine, node: str) -> None:
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._program = NodeProgram(engine, node, ["sh", "-c", PROGRAM], None)
        self._program.serve(self._said.put, lambda: self._said.put(OVER))
        self._await(READY)

    def begin(self) -> None:
        """Have it import the file."""
        self._program.put(b"\n")

    def finish(self) -> None:
        """Wait until it has."""
        self._await(TAKEN)

    def end(self) -> None:
        """Have it end."""
        self._program.end()
        self._program.join()

    def _await(self, words: str) -> None:
        while (said := self._said.get()) != words:
            if said == OVER:
                raise SystemExit(str(self._program.error))


def measure(engine: Engine, images: Images, nodes: Sequence[str]) -> list[Floor]:
    """Medians, in turn: a minute later the machine may be another."""
    found: dict[int, list[Floor]] = {count: [] for count in range(1, len(nodes) + 1)}
    with ExitStack() as stack:
        importers = [Importer(engine, node) for node in nodes]
        for importer in importers:
            stack.callback(importer.end)
        for _ in range(ROUNDS):
            for count, floors in found.items():
                _place(engine, images.base(CHANGED_MEGABYTES), nodes[:count])
                floors.append(_import(importers[:count]))
    return [sorted(floors, key=lambda floor: floor.seconds)[len(floors) // 2] for floors in found.values()]


def _place(engine: Engine, image: str, nodes: Sequence[str]) -> None:
    """Leave an image in nodes as a file alone."""
    load(engine, image, nodes)
    for node in nodes:
        run(["docker", "exec", node, "sh", "-c", f"{LOCAL}; {CTR} export $local {FILE} {normalise(image)}"])
    forget(nodes, [image])


def _import(importers: Sequence[Importer]) -> Floor:
    began, busy = time.monotonic(), busy_seconds()
    for importer in importers:
        importer.begin()
    for importer in importers:
        importer.finish()
    return Floor(len(importers), time.monotonic() - began, busy_seconds() - busy)


def report(floors: Sequence[Floor]) -> str:
    """The machine, and a table in Markdown."""
    lines = [describe_machine(), "", "| nodes | import, s | cores busy, s | to one node |", "| --- | --- | --- | --- |"]
    for floor in floors:
        ratio = floor.seconds / floors[0].seconds
        lines.append(f"| {floor.nodes} | {floor.seconds:.3f} | {floor.busy_seconds:.2f} | {ratio:.1f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/loading.md")
    wanted = parser.parse_args()
    engine = Engine.connect(Toolchain(load_versions().tools).locate("buildx").path)
    images = Images(engine)
    try:
        with cluster(NODES) as (_, nodes):
            table = report(measure(engine, images, nodes))
    finally:
        images.remove()
        engine.close()
    print(table)
    if wanted.write:
        write_table(DOCS, "floor", table)


if __name__ == "__main__":
    main()
