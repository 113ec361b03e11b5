"""Memory of the monitoring stack with each of its engines, and how soon it is ready.

Each engine gets a cluster of its own, with Redis to look at. There, monitoring is added to the environment that is up,
works for a while, and the kubelets are asked what each of its containers holds: their anonymous memory (rss), and the
working set, which counts for limits and evictions and has the files that are in use with it. Run it as
`python benchmarks/monitoring_memory.py`; with `--write` its table goes into the README of the stack.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from machine import describe_machine, devenv, kubectl, run, write_table

ENGINES = ("prometheus", "victoria-metrics")
PROJECT = "devenv-bench-monitoring"
README = Path(__file__).resolve().parents[1] / "stacks" / "03-observability" / "monitoring" / "README.md"
_MIB = 2**20
_INSTALLED = "install/monitoring"
_READY = "ready/monitoring"


@dataclass(frozen=True)
class Measured:
    """What one engine takes."""

    ready_seconds: float
    """From the begin of its installation to its end as ready."""
    rss: Mapping[str, float]
    """MiB of each program, `operator` or `config-reloader` say: of all its containers together."""
    working_set: Mapping[str, float]


def measure(folder: Path, engine: str, minutes: float) -> Measured:
    """Bring up an environment without monitoring, add it, and let it work; the cluster is gone at the end."""
    _write(folder, [{"name": "redis"}])
    try:
        devenv(folder, "up", "--yes")
        _write(folder, [{"name": "redis"}, {"name": "monitoring", "values": {"engine": engine}}])
        events = [json.loads(line) for line in devenv(folder, "up", "--yes", "--json").splitlines()]
        time.sleep(minutes * 60)  # for as long as it is to work: there is nothing to wait for
        return Measured(_ready_seconds(events), *_memory(folder))
    finally:
        devenv(folder, "down", "--yes")


def _write(folder: Path, stacks: Sequence[Mapping[str, Any]]) -> None:
    spec = {"project": PROJECT, "cluster": {"ports": {"http": 18580, "https": 18583}}, "stacks": list(stacks)}
    (folder / "devenv.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))


def _ready_seconds(events: Sequence[Mapping[str, Any]]) -> float:
    began = next(e["at"] for e in events if e["type"] == "step-started" and e["key"].startswith(_INSTALLED))
    ended = next(e["at"] for e in events if e["type"] == "step-succeeded" and e["key"].startswith(_READY))
    return float(ended - began)


def _memory(folder: Path) -> tuple[dict[str, float], dict[str, float]]:
    rss: Counter[str] = Counter()
    working_set: Counter[str] = Counter()
    command = kubectl(folder)
    nodes = run([*command, "get", "nodes", "-o", "jsonpath={.items[*].metadata.name}"]).split()
    for node in nodes:
        summary = json.loads(run([*command, "get", "--raw", f"/api/v1/nodes/{node}/proxy/stats/summary"]))
        for pod in summary["pods"]:
            if pod["podRef"]["namespace"] == "monitoring":
                for container in pod["containers"]:
                    rss[container["name"]] += container["memory"]["rssBytes"] / _MIB
                    working_set[container["name"]] += container["memory"]["workingSetBytes"] / _MIB
    return dict(rss), dict(working_set)


def table(measured: Mapping[str, Measured], minutes: float) -> str:
    """Both engines side by side, program by program."""
    lines = [
        f"Profile dev, after {minutes:g} minutes. {describe_machine()}",
        "",
        f"| MiB: rss / working set | {' | '.join(measured)} |",
        f"| --- |{' --- |' * len(measured)}",
    ]
    programs = sorted({name for m in measured.values() for name in m.rss})
    for name in programs:
        cells = [f"{m.rss[name]:.0f} / {m.working_set[name]:.0f}" if name in m.rss else "" for m in measured.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    sums = [f"**{sum(m.rss.values()):.0f} / {sum(m.working_set.values()):.0f}**" for m in measured.values()]
    ready = [f"{m.ready_seconds:.0f}" for m in measured.values()]
    return "\n".join([*lines, f"| in all | {' | '.join(sums)} |", f"| ready after, s | {' | '.join(ready)} |"])


def main() -> None:
    """Measure both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long each works before it is measured")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="this one alone")
    parser.add_argument("--write", action="store_true", help="put the table into the README of the stack")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = {engine: measure(Path(folder), engine, given.minutes) for engine in given.engine or ENGINES}
    text = table(measured, given.minutes)
    print(text)
    if given.write:
        write_table(README, "memory", text)


if __name__ == "__main__":
    main()
