"""Capacity for what a plan makes: memory and disk of the host and of the engine, compared before anything is made.

Responsible for the comparison and its words. It warns only: the figures of a plan are estimates.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from devenv.adapters.docker import Engine, EngineVersion
from devenv.adapters.host.system import available_memory_bytes, free_bytes
from devenv.events import Noted
from devenv.plan.plan import Plan
from devenv.plan.steps import AssembleNodeImage, BootstrapImage, BuildImage, CreateCluster, ProvideTool, PullImage

_GB = 10**9
# Measured on a machine of 2 cores with every stack there is (README.md).
_CLUSTER_MEMORY = 2 * _GB
_NODE_MEMORY = _GB // 2
"""Of each further node: its own kubelet, containerd and agents, be it a worker or a control plane with an etcd."""
_BUILD_MEMORY = 3 * _GB
_CLUSTER_DISK = 3 * _GB
_NODE_DISK = 2 * _GB
"""Of each further node, which holds the images that are loaded once more."""
_IMAGE_DISK = _GB // 4
_BUILD_DISK = _GB // 2
"""An image that is built, with what its build leaves in the cache."""
_TOOL_DISK = _GB // 8
_SPARE = _GB
"""Of each disk: below, the kubelet evicts pods and other programs fail."""
_BUILDS = (BuildImage, BootstrapImage, AssembleNodeImage)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What there is, in bytes."""

    memory: int
    """That the engine's containers can still have, as far as that is known."""
    engine_disk: int | None
    """None where the engine keeps its data on another machine."""
    engine_folder: Path
    cache_disk: int
    cache: Path


@dataclass(frozen=True, slots=True)
class Needs:
    """What something takes, in bytes."""

    memory: int = 0
    engine_disk: int = 0
    cache_disk: int = 0


@dataclass(frozen=True, slots=True)
class Shortage:
    """What there may not be enough of."""

    of: Literal["memory", "engine-disk", "cache-disk"]
    message: str
    """With figures."""
    hint: str


def observe_capacity(version: EngineVersion, cache: Path, *, local: bool) -> Capacity:
    """Ask the host; `local` is whether the engine is asked over a socket of this machine."""
    here = local and version.root.exists()
    return Capacity(
        # An engine in a virtual machine has less than its host.
        memory=min(version.memory_bytes or available_memory_bytes(), available_memory_bytes()),
        engine_disk=free_bytes(version.root) if here else None,
        engine_folder=version.root,
        cache_disk=free_bytes(cache),
        cache=cache,
    )


def find_shortages(plan: Plan, engine: Engine, cache: Path) -> list[Noted]:
    """What a plan may not have enough of; looked for where it makes something."""
    if not makes_something(plan):
        return []
    found = shortages(needs_of(plan), observe_capacity(engine.version(), cache, local=engine.is_local))
    return [Noted(shortage.message, "warning", shortage.hint) for shortage in found]


def makes_something(plan: Plan) -> bool:
    """Whether a plan takes memory or disk worth looking at."""
    return any(isinstance(node.step, (CreateCluster, PullImage, ProvideTool, *_BUILDS)) for node in plan.nodes)


def needs_of(plan: Plan) -> Needs:
    """What a plan takes."""
    steps = [node.step for node in plan.nodes]
    clusters = [step.nodes for step in steps if isinstance(step, CreateCluster)]
    return estimate(
        nodes=sum(clusters),
        clusters=len(clusters),
        builds=sum(isinstance(step, _BUILDS) for step in steps),
        pulls=sum(isinstance(step, PullImage) for step in steps),
        tools=sum(isinstance(step, ProvideTool) for step in steps),
    )


def estimate(*, nodes: int = 0, clusters: int = 0, builds: int = 0, pulls: int = 0, tools: int = 0) -> Needs:
    """What it takes to make clusters of so many nodes in all, images that are built or pulled, and programs."""
    further = nodes - clusters
    memory = clusters * _CLUSTER_MEMORY + further * _NODE_MEMORY + (_BUILD_MEMORY if builds else 0)
    disk = clusters * _CLUSTER_DISK + further * _NODE_DISK + builds * _BUILD_DISK + pulls * _IMAGE_DISK
    return Needs(memory, disk, tools * _TOOL_DISK)


def shortages(needs: Needs, capacity: Capacity) -> list[Shortage]:
    """What there may not be enough of. Pure."""
    found = []
    if capacity.memory < needs.memory:
        what = f"memory is short: {_gb(capacity.memory)} are free, and this takes about {_gb(needs.memory)}"
        found.append(Shortage("memory", what, "end other programs, or bring up less: devenv up --only STACK"))
    disk = capacity.engine_disk
    if needs.engine_disk and disk is not None and disk < needs.engine_disk + _SPARE:
        what = _disk(capacity.engine_folder, disk, needs.engine_disk)
        found.append(Shortage("engine-disk", what, "docker system df; devenv images prune"))
    if needs.cache_disk and capacity.cache_disk < needs.cache_disk + _SPARE:
        what = _disk(capacity.cache, capacity.cache_disk, needs.cache_disk)
        found.append(Shortage("cache-disk", what, "point XDG_CACHE_HOME to another disk"))
    return found


def _disk(folder: Path, free: int, needed: int) -> str:
    what = f"the disk of {folder} is nearly full: {_gb(free)} are free, and this takes about {_gb(needed)}"
    return f"{what}, with {_gb(_SPARE)} to spare"


def _gb(amount: int) -> str:
    return f"{amount / _GB:.1f} GB"
