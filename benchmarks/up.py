"""`devenv up` and `down` against a script, and against helmfile on a cluster that is there already.

The script runs kind, `kind load` and `helm --wait` one after the other; helmfile is given a cluster that holds all
images and installs the stacks, as `devenv up` does there. All make the same cluster from the same configuration and put
the same charts, values and images into it, in one run on one machine; images are built beforehand. Printed are seconds
and their ratios; how far `devenv up` is from the longest chain of its own steps, and for how long the processors were
idle in it; then an `up` that finds nothing changed, and `down`. Run it as
`python benchmarks/up.py [PROJECT_FOLDER] [--rounds N] [--workers N]`; with `--write` its tables go into
benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from by_hand import Helmfile, Wanted, one_after_the_other
from machine import describe_machine, devenv, kubectl, run, seconds_of, write_table

from devenv.adapters.docker import Engine
from devenv.plan.steps import LoadImage

DOCS = Path(__file__).resolve().parent / "README.md"
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "alt"
PROJECT = "devenv-bench"
CHARTS = {"as devenv installs them": False, "External Secrets as upstream's chart has it": True}
"""Which charts the script and helmfile are given; devenv's figures are the same in both rows."""
Row = tuple[str | float, ...]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", nargs="?", type=Path, default=EXAMPLE)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--workers", type=int, help="worker nodes, instead of as many as the project says")
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/README.md")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="devenv-benchmark-") as folder:
        project = copy(wanted.project, Path(folder, "project"), wanted.workers)
        devenv(project, "down", "--adopt", "--yes")
        devenv(project, "up")  # provides tools and images, which no side is to pay for
        helmfile = Helmfile(Engine.connect())
        rounds = [measure(project, helmfile) for _ in range(wanted.rounds)]
        devenv(project, "down", "--adopt", "--yes")
    text = f"{describe_machine()}\n\n{render(rounds)}"
    print(text)
    if wanted.write:
        write_table(DOCS, "up", text)


def copy(source: Path, target: Path, workers: int | None) -> Path:
    """The project under another name, so that an environment of the same project is not touched."""
    shutil.copytree(source, target)
    spec: dict[str, Any] = {**yaml.safe_load((target / "devenv.yaml").read_text()), "project": PROJECT}
    if workers is not None:
        spec["cluster"] = {**spec.get("cluster", {}), "nodes": {"control_planes": 1, "workers": workers}}
    (target / "devenv.yaml").write_text(yaml.safe_dump(spec))
    return target


@dataclass(frozen=True)
class Up:
    """Seconds of one `devenv up`."""

    seconds: float
    chain: float
    """The longest chain of its steps."""
    idle: float
    """All processors together count as one: for how long they had nothing to do."""


@dataclass(frozen=True)
class Round:
    """Seconds of one round; those of others by the charts that they were given."""

    up: Up
    again: float
    """`devenv up` when nothing has changed."""
    down: float
    stacks: Up
    """`devenv up` on a cluster that holds all images and no stack but the namespaces."""
    script: dict[str, float]
    helmfile: dict[str, float]


def measure(project: Path, helmfile: Helmfile) -> Round:
    """One round."""
    script = {charts: measure_script(project, upstream=upstream) for charts, upstream in CHARTS.items()}
    devenv(project, "down", "--adopt", "--yes")
    up = measure_up(project)
    again = seconds_of(lambda: devenv(project, "up", "--yes"))
    down = seconds_of(lambda: devenv(project, "down", "--adopt", "--yes"))
    make_cluster(project)
    stacks = measure_up(project)
    beside = {charts: measure_helmfile(project, helmfile, upstream=upstream) for charts, upstream in CHARTS.items()}
    return Round(up, again, down, stacks, script, beside)


def measure_script(project: Path, *, upstream: bool) -> float:
    """The script, from nothing."""
    devenv(project, "down", "--adopt", "--yes")
    return measured("script", seconds_of(lambda: one_after_the_other(project, upstream=upstream)))


def measure_helmfile(project: Path, helmfile: Helmfile, *, upstream: bool) -> float:
    """Helmfile on a cluster that is there."""
    devenv(project, "down", "--adopt", "--yes")
    make_cluster(project)
    with helmfile.prepared(project, upstream=upstream) as command:
        return measured("helmfile", seconds_of(lambda: run(command)))


def measure_up(project: Path) -> Up:
    """`devenv up`, with what its own trace says."""
    with tempfile.NamedTemporaryFile(suffix=".json") as trace:
        began = time.monotonic()
        reported = devenv(project, "up", "--yes", "--json", "--trace", trace.name)
        seconds = time.monotonic() - began
        events = json.loads(Path(trace.name).read_text())["traceEvents"]
    return Up(measured("up", seconds), json.loads(reported.splitlines()[-1])["chain_seconds"], idle_seconds(events))


def measured(what: str, seconds: float) -> float:
    """The seconds; whoever waits sees them at once, and what was measured before a failure is not lost."""
    print(f"{what}: {seconds:.1f} s", file=sys.stderr, flush=True)
    return seconds


def idle_seconds(events: Sequence[dict[str, Any]]) -> float:
    """What the counter of the processors adds up to."""
    counted = [event for event in events if event["ph"] == "C" and event["name"].startswith("processors")]
    ends = [*(event["ts"] for event in counted[1:]), counted[-1]["ts"]]
    return float(sum(c["args"]["idle"] / 100 * (end - c["ts"]) for c, end in zip(counted, ends, strict=True)) / 1e6)


def make_cluster(project: Path) -> None:
    """A cluster that is at rest and holds all images, with the namespaces alone."""
    devenv(project, "up", "--yes", "--only", "namespaces")
    loads = [step.reference for step in Wanted.of(project, upstream=False).in_order() if isinstance(step, LoadImage)]
    devenv(project, "load", *loads)
    run([*kubectl(project), "wait", "--for=condition=Ready", "pod", "--all", "--all-namespaces", "--timeout=120s"])


def render(rounds: Sequence[Round]) -> str:
    """Two tables: from nothing, and on a cluster."""
    whole: list[Row] = []
    stacks: list[Row] = []
    for one in rounds:
        up, on = one.up, one.stacks
        for charts in CHARTS:
            script, beside = one.script[charts], one.helmfile[charts]
            own = (up.chain, up.seconds / up.chain, up.idle, one.again, one.down)
            whole.append((charts, script, up.seconds, up.seconds / script, *own))
            stacks.append((charts, beside, on.seconds, on.seconds / beside, on.chain, on.idle))
    more = ("longest chain, s", "up / chain", "idle, s", "up again, s", "down, s")
    beside_script = ("charts of the script", "script, s", "up, s", "up / script", *more)
    beside_helmfile = ("charts of helmfile", "helmfile, s", "up, s", "up / helmfile", "longest chain, s", "idle, s")
    return f"{table(beside_script, whole)}\n\n{table(beside_helmfile, stacks)}"


def table(heads: Sequence[str], rows: Sequence[Row]) -> str:
    """A table in Markdown; ratios have two decimals, seconds one."""
    ratios = {index for index, head in enumerate(heads) if " / " in head}
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for row in rows:
        cells = [c if isinstance(c, str) else f"{c:.2f}" if i in ratios else f"{c:.1f}" for i, c in enumerate(row)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
