"""`devenv load` against `kind load docker-image` and against a registry: the same images, nodes and machine, one run.

Seconds of each way, how often devenv's fit into the others', what devenv sent, and the memory that it took. Run it as
`python benchmarks/load.py [--nodes 1 2 3] [--megabytes 800]`; with `--write` its table goes into docs/loading.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from load_rivals import HERE, Images, Registry, await_teaching, cluster, forget, kind_load
from machine import describe_machine, run, write_table

from devenv.adapters.docker import Engine
from devenv.adapters.toolchain import Toolchain
from devenv.spec.catalogue import load_versions

DOCS = HERE.parent / "docs" / "loading.md"
CHANGED_MEGABYTES = 2
SMALL_IMAGES = 20
SMALL_MEGABYTES = 5
ROUNDS = 3
COLUMNS = (
    "nodes",
    "case",
    "devenv, s",
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
    sent_bytes: int
    ways: Sequence[str]
    grown_bytes: int


@dataclass(frozen=True)
class Row:
    """One case."""

    nodes: int
    case: str
    ours: Ours
    kind: float
    registry: float


class Bench:
    """The cases on one cluster."""

    def __init__(self, engine: Engine, nodes: Sequence[str], kind: str, registry: Registry, megabytes: int) -> None:
        self._engine = engine
        self._nodes = nodes
        self._kind = kind
        self._registry = registry
        self._images = Images(engine)
        self._megabytes = megabytes

    def rows(self) -> list[Row]:
        """Measure all cases. Each way finds the nodes as it would have left them itself."""
        base = self._images.base(self._megabytes)
        first = self._images.changed(base, CHANGED_MEGABYTES)
        changes = [self._images.changed(base, CHANGED_MEGABYTES) for _ in range(ROUNDS)]
        small = [self._images.base(SMALL_MEGABYTES) for _ in range(SMALL_IMAGES)]
        ours_new = self._ours([base])
        ours_first = self._ours([first])
        await_teaching(self._engine, first)
        ours_changed = [self._ours([image]) for image in changes]
        ours_same = [self._ours([changes[0]]) for _ in range(ROUNDS)]
        ours_small = self._ours(small)
        forget(self._nodes, [base, first, *changes, *small])
        kind_new, kind_first, *kind_changed = [self._by_kind([image]) for image in (base, first, *changes)]
        kind_same = [self._by_kind([changes[0]]) for _ in range(ROUNDS)]
        kind_small = self._by_kind(small)
        forget(self._nodes, [base, first, *changes, *small])
        with self._registry.running():
            pulled = [self._registry.load(self._nodes, [image]) for image in (base, first, *changes)]
            pulled_same = [self._registry.load(self._nodes, [changes[0]]) for _ in range(ROUNDS)]
            pulled_small = self._registry.load(self._nodes, small)
        forget(self._nodes, [base, first, *changes, *small])
        self._images.remove()
        middle = statistics.median
        return [
            self._row("unchanged", _middle(ours_same), middle(kind_same), middle(pulled_same)),
            self._row("2 MB changed", _middle(ours_changed), middle(kind_changed), middle(pulled[2:])),
            self._row("2 MB changed, the first time", ours_first, kind_first, pulled[1]),
            self._row("all new", ours_new, kind_new, pulled[0]),
            self._row(f"{SMALL_IMAGES} small images", ours_small, kind_small, pulled_small),
        ]

    def _row(self, case: str, ours: Ours, kind: float, registry: float) -> Row:
        return Row(len(self._nodes), case, ours, kind, registry)

    def _ours(self, images: Sequence[str]) -> Ours:
        told = run([sys.executable, str(HERE / "load_once.py"), " ".join(images), " ".join(self._nodes)])
        return Ours(**json.loads(told))

    def _by_kind(self, images: Sequence[str]) -> float:
        return kind_load(self._kind, images)


def _middle(several: Sequence[Ours]) -> Ours:
    return sorted(several, key=lambda ours: ours.seconds)[len(several) // 2]


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
            with cluster(nodes) as names:  # it also provides kind and the image with Go
                registry = Registry(engine, _golang(engine))
                rows += Bench(engine, names, str(tools.locate("kind").path), registry, wanted.megabytes).rows()
    finally:
        images.remove()
        engine.close()
    table = report(rows, wanted.megabytes)
    print(table)
    if wanted.write:
        write_table(DOCS, "loading", table)


def _golang(engine: Engine) -> str:
    for repository in ("localhost/devenv/golang", "docker.io/library/golang"):
        for image in engine.client.images.list(name=repository):
            if image.tags:
                return str(image.tags[0])
    sys.exit("there is no image with Go: run `devenv up` with --images recipes once")


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
            f"{row.kind:.2f}",
            f"{row.registry:.2f}",
            f"{row.kind / ours.seconds:.1f}",
            f"{row.registry / ours.seconds:.1f}",
            f"{ours.sent_bytes / 1e6:.1f}",
            ", ".join(way for way in ours.ways if way != "None") or "-",
            f"{ours.grown_bytes / 1e6:.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
