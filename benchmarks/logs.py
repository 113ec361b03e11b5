"""The log collector under a storm: how many lines arrive, how often, how soon, and at what cost.

A ClickHouse server and the collector run in containers. First single lines are written, and it is asked until each can
be found. Then a million lines are written to one container's log, which is rotated twice meanwhile; when a third is
there, the server is killed, and comes back after a minute. At last what arrived is counted. Run it as
`PYTHONPATH=tests python benchmarks/logs.py`; with `--write` its table goes into the stack's README.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from machine import describe_machine, seconds_of, write_table
from support.clickhouse_server import ClickHouseContainer, clickhouse_server
from support.log_collector import ContainerLog, LogCollector, log_collector
from support.programs import require_tool

from devenv.adapters.docker import Engine
from devenv.databases.clickhouse.server import Server
from devenv.errors import DatabaseError
from devenv.labels import OURS

README = Path(__file__).resolve().parents[1] / "stacks" / "03-observability" / "logs" / "README.md"
SINGLE_LINES = 15
AT_ONCE = 1000
TEXT = "INFO request served path=/api/v1/orders status=200 took=12ms user=4711 trace=0af7651916cd43dd8448eb211c80319c"


@dataclass(frozen=True)
class Storm:
    """What became of the lines."""

    written: int
    arrived: int
    different: int
    writing: float
    """Seconds that it took to write them."""
    caught_up: float
    """Seconds from the server's return until the last of them could be found."""
    processor: float
    """Seconds of one core, in the collector."""
    memory: float
    """MiB of the collector."""
    found: float
    """Seconds of a search over all of them."""


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--away", type=float, default=60.0, help="seconds for which the server is killed")
    parser.add_argument("--write", action="store_true", help="put the table into the stack's README")
    wanted = parser.parse_args()
    with closing(Engine.connect(buildx=require_tool("buildx"))) as engine, _running(engine) as (server, collector):
        soon = single_lines(server, collector)
        print(soon)
        result = storm(server, collector, wanted.lines, wanted.away)
    text = f"{describe_machine()}\n\n{render(soon, result, wanted.away)}"
    print(text)
    if wanted.write:
        write_table(README, "logs", text)


@contextmanager
def _running(engine: Engine) -> Iterator[tuple[ClickHouseContainer, LogCollector]]:
    labels = {**OURS, "devenv.io/test": uuid.uuid4().hex}
    with (
        tempfile.TemporaryDirectory(prefix="devenv-benchmark-") as folder,
        clickhouse_server(engine, labels) as server,
        log_collector(engine, server, Path(folder)) as collector,
    ):
        yield server, collector


def single_lines(server: ClickHouseContainer, collector: LogCollector) -> list[float]:
    """Seconds from the writing of a line until it can be found."""
    log = ContainerLog(collector.logs, "shop_web-0_1", "web")
    found = []
    for i in range(SINGLE_LINES):
        log.write([f"single line {i}"])
        found.append(seconds_of(lambda i=i: await_count(server, f"message = 'single line {i}'", 1)))  # type: ignore[misc]
        # At another moment of the collector's second.
        threading.Event().wait(0.37 * (i % 4))
    return found


def storm(server: ClickHouseContainer, collector: LogCollector, lines: int, away: float) -> Storm:
    """Write many lines, kill the server meanwhile, and count."""
    log = ContainerLog(collector.logs)
    before, _ = collector.usage()
    began = time.monotonic()
    back = threading.Timer(away, server.start)
    for first in range(0, lines, AT_ONCE):
        log.write(f"line {number} {TEXT}" for number in range(first, min(first + AT_ONCE, lines)))
        if first == lines // 3 // AT_ONCE * AT_ONCE:
            server.kill()
            back.start()
        if first in {lines // 2 // AT_ONCE * AT_ONCE, lines * 3 // 4 // AT_ONCE * AT_ONCE}:
            # The kubelet looks every ten seconds.
            threading.Event().wait(10)
            log.rotate()
    writing = time.monotonic() - began
    back.join()
    caught_up = seconds_of(lambda: await_count(server, "pod = 'api-0'", lines))
    after, memory = collector.usage()
    with closing(Server(server.address)) as asked:
        (row,) = asked.rows(
            "SELECT count() AS arrived, uniqExact(message) AS different FROM logs.lines FINAL WHERE pod = 'api-0'"
        )
        search = "SELECT count() FROM logs.lines FINAL WHERE positionCaseInsensitiveUTF8(message, 'Line 777777 ') > 0"
        found = seconds_of(lambda: asked.execute(search))
    return Storm(lines, row["arrived"], row["different"], writing, caught_up, after - before, memory, found)


def await_count(server: ClickHouseContainer, condition: str, count: int) -> None:
    """Ask until so many rows are there."""
    with closing(Server(server.address)) as asked:
        while _count(asked, condition) < count:
            threading.Event().wait(0.1)


def _count(asked: Server, condition: str) -> int:
    try:
        return int(asked.rows(f"SELECT count() AS n FROM logs.lines FINAL WHERE {condition}")[0]["n"])
    except DatabaseError:
        return 0  # the table is made when the collector first sends


def render(soon: list[float], result: Storm, away: float) -> str:
    """The table."""
    rows = [
        ("a line can be found after, median (longest)", f"{statistics.median(soon):.1f} s ({max(soon):.1f} s)"),
        ("lines written", f"{result.written:,}, in {result.writing:.0f} s, ClickHouse away for {away:.0f} s of them"),
        ("lost, doubled", f"{result.written - result.different:,}, {result.arrived - result.different:,}"),
        ("all there after the server's return", f"{result.caught_up:.0f} s"),
        ("lines a second of one core, in the collector", f"{result.written / result.processor:,.0f}"),
        ("memory of the collector at the end", f"{result.memory:.0f} MiB"),
        ("a search over all of them", f"{result.found:.2f} s"),
    ]
    return "\n".join(["| measure | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])


if __name__ == "__main__":
    main()
