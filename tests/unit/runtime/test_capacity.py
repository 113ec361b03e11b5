"""Room for what a plan makes: what is compared, and the figures that a warning tells."""

from __future__ import annotations

import os
from pathlib import Path

from support.plans import TOOLS

from devenv.adapters.host.system import available_memory_bytes
from devenv.plan.plan import Plan, PlanNode
from devenv.plan.steps import BuildImage, CreateCluster, LoadImage, ProvideTool, PullImage, Step
from devenv.runtime.host.capacity import Capacity, makes_something, needs_of, shortages

GB = 10**9
PLENTY = Capacity(64 * GB, 500 * GB, Path("/var/lib/docker"), 500 * GB, Path("/home/ada/.cache/devenv"))


def plan(*, builds: int = 0, pulls: int = 0, cluster: bool = False, tools: bool = False, nodes: int = 1) -> Plan:
    steps: list[Step] = [
        *(BuildImage(f"built-{number}", "x", Path("/r/Dockerfile"), Path("/r")) for number in range(builds)),
        *(PullImage(f"pulled-{number}", "x") for number in range(pulls)),
        *([CreateCluster("devenv-alt", "node", "{}", nodes)] if cluster else []),
        *(ProvideTool(tool) for tool in (TOOLS if tools else ())),
        LoadImage("redis", "redis:7", "devenv-alt"),
    ]
    return Plan.of("alt", "devenv-alt", [PlanNode(step, frozenset(), "new") for step in steps])


def reported(wanted: Plan, **less: int | None) -> list[str]:
    values = {name: less.get(name, getattr(PLENTY, name)) for name in PLENTY.__slots__}
    return [shortage.message for shortage in shortages(needs_of(wanted), Capacity(**values))]


def test_with_room_nothing_is_told() -> None:
    assert reported(plan(builds=40, cluster=True, tools=True)) == []


def test_what_makes_nothing_takes_nothing() -> None:
    assert not makes_something(plan())
    assert makes_something(plan(tools=True))
    assert reported(plan(), memory=0, engine_disk=0, cache_disk=0) == []


def test_each_shortage_is_told_with_its_figures() -> None:
    whole = plan(builds=40, cluster=True, tools=True)
    short = {"memory": int(3.5 * GB), "engine_disk": 20 * GB, "cache_disk": GB}
    spare = "with 1.0 GB to spare"
    assert reported(whole, **short) == [
        "memory is short: 3.5 GB are free, and this takes about 5.0 GB",
        f"the disk of /var/lib/docker is nearly full: 20.0 GB are free, and this takes about 23.0 GB, {spare}",
        f"the disk of /home/ada/.cache/devenv is nearly full: 1.0 GB are free, and this takes about 0.4 GB, {spare}",
    ]
    assert reported(plan(cluster=True), memory=GB) == ["memory is short: 1.0 GB are free, and this takes about 2.0 GB"]
    assert reported(plan(pulls=8), engine_disk=2 * GB)[0].startswith("the disk of /var/lib/docker is nearly full")


def test_each_node_takes_its_own_memory_and_disk() -> None:
    several = plan(cluster=True, nodes=4)
    memory, disk = reported(several, memory=3 * GB, engine_disk=9 * GB)
    assert memory == "memory is short: 3.0 GB are free, and this takes about 3.5 GB"
    assert "9.0 GB are free, and this takes about 9.0 GB" in disk


def test_an_engine_elsewhere_has_a_disk_that_nobody_knows() -> None:
    assert reported(plan(builds=40, cluster=True), engine_disk=None) == []


def test_this_machine_tells_its_memory() -> None:
    assert 0 < available_memory_bytes() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_available_memory_is_what_linux_says_it_is(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 2000 kB\nMemFree: 10 kB\nMemAvailable:    1000 kB\n")
    assert available_memory_bytes(tmp_path) == 1024_000
