"""How many lines a second devenv's log collector and the OpenTelemetry collector bring to ClickHouse, on a core each.

The same lines, as a container runtime writes them, lie in the files of four containers. One collector after the other
is started over them, alone on a core that the server does not use, until the server has counted every line. Each
fills the table that it makes: what they write of a line is not the same.

    PYTHONPATH=tests python benchmarks/log_throughput.py [--lines 300000] [--rounds 3] [--write]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from docker.models.containers import Container
from log_rivals import CONTRIB_VERSION, LABELS, TABLE, front, rival
from machine import describe_machine, write_table
from support.clickhouse_server import ClickHouseContainer, clickhouse_server
from support.images import provide
from support.log_collector import ContainerLog
from support.programs import require_tool

from devenv.adapters.docker import Engine
from devenv.databases.clickhouse.server import Server
from devenv.errors import DatabaseError
from devenv.labels import OURS

README = Path(__file__).resolve().parents[1] / "stacks" / "03-observability" / "logs" / "README.md"
CONTAINERS = 4
TEXT = "INFO request served path=/api/v1/orders status=200 took=12ms user=4711 trace=0af7651916cd43dd8448eb211c80319c"
_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Cost:
    """Of bringing all lines."""

    seconds: float
    """From the start of the program until the server has counted them."""
    processor: float
    """Seconds of the core."""
    memory: float
    """MiB, the most that it held."""


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table into the stack's README")
    wanted = parser.parse_args()
    first, *others = (str(core) for core in sorted(os.sched_getaffinity(0)))
    if not others:
        raise SystemExit("the collector and the server take a core each: there is only one")
    labels = {**OURS, "devenv.io/test": uuid.uuid4().hex}
    with (
        closing(Engine.connect(buildx=require_tool("buildx"))) as engine,
        tempfile.TemporaryDirectory(prefix="devenv-benchmark-") as folder,
        clickhouse_server(engine, labels) as server,
        front(engine, server, provide("clickhouse", engine), ",".join(others)),
    ):
        server.hold_to(",".join(others))
        logs = Path(folder, "pods")
        write_lines(logs, wanted.lines)
        sides: dict[str, tuple[Callable[[], Container], str]] = {
            "devenv": (lambda: own(engine, server, logs, first), "logs.lines"),
            "otel": (lambda: rival(engine, server, logs, first), TABLE),
        }
        costs: dict[str, list[Cost]] = {name: [] for name in sides}
        load = os.getloadavg()[0]
        for _ in range(wanted.rounds):
            for name, (made, table) in sides.items():
                costs[name].append(cost(server, made(), table, wanted.lines))
                print(name, costs[name][-1])
    text = (
        f"{describe_machine()} Load at the start: {load:.1f}.\n\n{render(wanted.lines, costs['devenv'], costs['otel'])}"
    )
    print(text)
    if wanted.write:
        write_table(README, "throughput", text)


def write_lines(logs: Path, lines: int) -> None:
    """Each of the containers has its part of them."""
    for container in range(CONTAINERS):
        log = ContainerLog(logs, f"shop_api-{container}_{container}", "api")
        log.write(f"line {number} {TEXT}" for number in range(container, lines, CONTAINERS))


def own(engine: Engine, server: ClickHouseContainer, logs: Path, core: str) -> Container:
    """The collector of devenv as its chart runs it, not started."""
    return engine.client.containers.create(
        provide("log-collector", engine),
        environment={**server.collecting, "NODE_NAME": "node-1", "GOMEMLIMIT": "96MiB"},
        volumes=[f"{logs}:/var/log/pods:ro"],
        tmpfs={"/var/lib/devenv-logs": "size=512m"},
        network=server.network,
        mem_limit="640m",
        cpuset_cpus=core,
        labels=LABELS,
    )


def cost(server: ClickHouseContainer, collector: Container, table: str, lines: int) -> Cost:
    """Run a collector until all lines are there; it goes then, and the table with it."""
    with closing(Server(server.address)) as asked:
        try:
            began = time.monotonic()
            collector.start()
            while (counted := _count(asked, table)) < lines:
                if time.monotonic() - began > _PATIENCE_SECONDS:
                    said = collector.logs(tail=20).decode(errors="replace")
                    raise SystemExit(f"{counted} of {lines} lines are in {table}: {said}")
                threading.Event().wait(0.1)
            seconds = time.monotonic() - began
            collector.reload()
            process = Path("/proc", str(collector.attrs["State"]["Pid"]))
            return Cost(seconds, _processor(process), _most_memory(process))
        finally:
            collector.remove(force=True, v=True)
            asked.execute(f"DROP DATABASE IF EXISTS {table.partition('.')[0]} SYNC")


def _count(asked: Server, table: str) -> int:
    """How many different lines there are: one that was sent twice counts once."""
    column = "message" if table == "logs.lines" else "Body"
    try:
        return int(asked.rows(f"SELECT uniqExact({column}) AS n FROM {table}")[0]["n"])
    except DatabaseError:
        return 0  # the table is made when the collector first sends


def _processor(process: Path) -> float:
    words = (process / "stat").read_text().rpartition(")")[2].split()
    user, system = int(words[11]), int(words[12])
    return (user + system) / os.sysconf("SC_CLK_TCK")


def _most_memory(process: Path) -> float:
    (line,) = (line for line in (process / "status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def render(lines: int, own_costs: list[Cost], others: list[Cost]) -> str:
    """The table, of medians."""

    def row(name: str, value: Callable[[Cost], float], form: str) -> str:
        ours, theirs = (statistics.median(map(value, costs)) for costs in (own_costs, others))
        return f"| {name} | {ours:{form}} | {theirs:{form}} | {ours / theirs:.2f} |"

    return "\n".join(
        [
            f"| {lines:,} lines, median of {len(own_costs)} | devenv | OpenTelemetry {CONTRIB_VERSION} | ratio |",
            "| --- | --- | --- | --- |",
            row("lines a second", lambda cost: lines / cost.seconds, ",.0f"),
            row("lines a second of processor time", lambda cost: lines / cost.processor, ",.0f"),
            row("seconds of the core", lambda cost: cost.processor, ".1f"),
            row("memory, the most, MiB", lambda cost: cost.memory, ".0f"),
        ]
    )


if __name__ == "__main__":
    main()
