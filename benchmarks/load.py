"""`devenv load` against `kind load docker-image` and against a registry: the same images, nodes and machine, one run.

Seconds of each way, how often devenv's fit into the others', what devenv sent, and what it took of processors and
memory. Run it as `python benchmarks/load.py [--nodes 1 2 3] [--megabytes 800]`; with `--write` its table goes into
docs/loading.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from load_rivals import HERE, Images, Registry, await_warm_up, cluster, forget, kind_load
from machine import busy_seconds, describe_machine, devenv, golang, run, write_table

from devenv.adapters.docker import Engine
from devenv.adapters.tools.toolchain import Toolchain
from devenv.spec.catalogue import load_versions

DOCS = HERE.parent / "docs" / "loading.md"
CHANGED_MEGABYTES = 2
SMALL_IMAGES = 20
SMALL_MEGABYTES = 5
ROUNDS = 7
CHANGED = "2 MB changed"
IN_DEV = f"{CHANGED}, in `devenv dev`"
COMMAND = f"{CHANGED}, `devenv load` as a whole"
ELSEWHERE = f"{IN_DEV}, from where the engine's loopback is another"
OWN_LOOPBACK = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
"""A network of its own, as an engine in a virtual machine has one; it takes root."""
COLUMNS = (
    "nodes",
    "case",
    "devenv, s",
    "cores busy, s",
    "kind load, s",
    "push + pull, s",
    "kind / devenv",
    "push + pull / devenv",
    "sent, MB",
    "by",
    "memory, MB",
)


@dataclass(frozen=True)
class Ours:
    """A load by devenv."""

    seconds: float
    busy_seconds: float
    """Of all cores, whatever they did."""
    sent_bytes: int
    ways: Sequence[str] = ()
    grown_bytes: int | None = None


@dataclass(frozen=True)
class Row:
    """One case."""

    nodes: int
    case: str
    ours: Ours
    kind: float
    registry: float


@dataclass(frozen=True)
class Bench:
    """The cases on one cluster."""

    engine: Engine
    project: Path
    """Folder of the cluster's project."""
    nodes: Sequence[str]
    kind: str
    """The program."""
    registry: Registry
    megabytes: int
    """Of the large image."""

    def rows(self) -> list[Row]:
        """Measure all cases. Each way finds the nodes as it would have left them itself."""
        images = Images(self.engine)
        base = images.base(self.megabytes)
        first, by_kind = [images.changed(base, CHANGED_MEGABYTES) for _ in range(2)]
        changed = {
            case: [[images.changed(base, CHANGED_MEGABYTES) for _ in range(3)] for _ in range(ROUNDS)]
            for case in (CHANGED, IN_DEV, ELSEWHERE, COMMAND)
        }
        small = [images.base(SMALL_MEGABYTES) for _ in range(SMALL_IMAGES)]
        once = {"all new": [base], f"{CHANGED}, the first time": [first], f"{SMALL_IMAGES} small images": small}

        ours = {}
        for case, several in once.items():
            ours[case] = self._ours(several)
            # What `devenv load` and `up` begin in the background after a load is over before somebody changes anything.
            await_warm_up(self.engine, several[0], self.nodes[0])
        forget(self.nodes, [base, first, *small])
        kind = {case: kind_load(self.kind, several) for case, several in once.items()}
        kind |= dict.fromkeys(changed, kind_load(self.kind, [by_kind]))
        kind["unchanged"] = kind_load(self.kind, [base])
        forget(self.nodes, [base, first, by_kind, *small])
        with self.registry.running():
            registry = {case: self.registry.load(self.nodes, several) for case, several in once.items()}
            self._ours([base])
            turns = {**changed, "unchanged": changed[CHANGED][:1] * ROUNDS}
            for case, triples in turns.items():
                ours[case], registry[case] = self._in_turn(case, triples)
        sent = [image for several in changed.values() for three in several for image in three]
        forget(self.nodes, [base, first, *small, *sent])
        images.remove()
        return [Row(len(self.nodes), case, ours[case], kind[case], registry[case]) for case in (*turns, *once)]

    def _in_turn(self, case: str, images: Sequence[Sequence[str]]) -> tuple[Ours, float]:
        """Medians of devenv and of the registry, turn by turn: a minute later the machine may be another."""
        turns = [
            (self._of_case(case, one, before), self.registry.load(self.nodes, [another]))
            for one, another, before in images
        ]
        ours = sorted((one for one, _ in turns), key=lambda one: one.seconds)
        return ours[len(ours) // 2], statistics.median(seconds for _, seconds in turns)

    def _of_case(self, case: str, image: str, before: str) -> Ours:
        if case == COMMAND:
            return self._by_command(image)
        if case == ELSEWHERE:
            return self._ours([image], "--waiting", "--after", before, by=OWN_LOOPBACK)
        return self._ours([image], *(["--waiting"] if case == IN_DEV else []))

    def _by_command(self, image: str) -> Ours:
        began, busy = time.monotonic(), busy_seconds()
        (loaded,) = json.loads(devenv(self.project, "load", image, "--json"))
        return Ours(time.monotonic() - began, busy_seconds() - busy, loaded["sent_bytes"])

    def _ours(self, images: Sequence[str], *options: str, by: Sequence[str] = ()) -> Ours:
        program = [*by, sys.executable, str(HERE / "load_once.py")]
        reported = run([*program, *options, " ".join(images), " ".join(self.nodes)])
        return Ours(**json.loads(reported))


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--write", action="store_true", help="put the table into docs/loading.md")
    parser.add_argument("--megabytes", type=int, default=800)
    wanted = parser.parse_args()
    tools = Toolchain(load_versions().tools)
    engine = Engine.connect(tools.locate("buildx").path)
    images = Images(engine)
    rows: list[Row] = []
    try:
        for nodes in wanted.nodes:
            with cluster(nodes) as (project, names):  # it also provides kind and the image with Go
                registry = Registry(engine, golang(engine))
                kind = str(tools.locate("kind").path)
                rows += Bench(engine, project, names, kind, registry, wanted.megabytes).rows()
    finally:
        images.remove()
        engine.close()
    table = report(rows, wanted.megabytes)
    print(table)
    if wanted.write:
        write_table(DOCS, "loading", table)


def report(rows: Sequence[Row], megabytes: int) -> str:
    """The machine, and a table in Markdown."""
    lines = [
        describe_machine(),
        f"An image of {megabytes} MB, {CHANGED_MEGABYTES} MB of which change; small images have {SMALL_MEGABYTES} MB.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{' --- |' * len(COLUMNS)}",
    ]
    for row in rows:
        ours = row.ours
        cells = [
            str(row.nodes),
            row.case,
            f"{ours.seconds:.2f}",
            f"{ours.busy_seconds:.2f}",
            f"{row.kind:.2f}",
            f"{row.registry:.2f}",
            f"{row.kind / ours.seconds:.1f}",
            f"{row.registry / ours.seconds:.1f}",
            f"{ours.sent_bytes / 1e6:.1f}",
            ", ".join(way for way in ours.ways if way != "None") or "-",
            "-" if ours.grown_bytes is None else f"{ours.grown_bytes / 1e6:.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
