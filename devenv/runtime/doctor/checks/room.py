"""Room: memory, processors and disk, against what the project needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devenv.adapters.docker import EngineVersion
from devenv.adapters.files.paths import cache_dir
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity
from devenv.runtime.doctor.requests import Requests, requests_of
from devenv.runtime.host.capacity import Capacity, Needs, estimate, observe_capacity, shortages

_GIB = 2**30
_TOGETHER = 3
"""Stacks that are named: those that ask for most."""

MEMORY = Kind(
    "memory",
    Severity.WARNING,
    "Memory is short",
    "the kernel ends programs in the middle of a run, here or in the cluster",
    "What is free in the machine of the engine is compared with an estimate of what the cluster and builds take, "
    "the same one as `devenv up` warns with (README.md has the figures that it is made from).",
)
ENGINE_DISK = Kind(
    "engine-disk",
    Severity.WARNING,
    "The disk of the engine is nearly full",
    "builds and loads end with `no space left on device`, and the kubelet evicts pods",
    "Looked at is the file system of the engine's own folder (`docker info` calls it Docker Root Dir), and the "
    "estimate is that of `devenv up`, with 1 GB to spare. `devenv images prune` removes former builds, `docker "
    "builder prune` what builds keep.",
)
CACHE_DISK = Kind(
    "cache-disk",
    Severity.WARNING,
    "The disk of devenv's cache is nearly full",
    "programs cannot be downloaded or built: `disk-full`",
    "The file system of `$XDG_CACHE_HOME/devenv`, which may be another one than the engine's.",
)
MEMORY_REQUESTS = Kind(
    "memory-requests",
    Severity.ERROR,
    "The stacks ask for more memory than the machine has",
    "pods stay pending: `Insufficient memory`",
    "The requests in the stacks' values (`resources.requests`, as the profile and devenv.yaml set them, with the "
    "defaults of their own charts) are added up and compared with what the engine's machine has. Each node "
    "believes that it has all of it, so with several nodes the pods are placed, and then run out of memory.",
)
PROCESSOR_REQUESTS = Kind(
    "processor-requests",
    Severity.ERROR,
    "The stacks ask for more processors than the machine has",
    "pods stay pending: `Insufficient cpu`",
    "As with memory. Kubernetes' own pods ask for 0.95 of a processor on the first node.",
)
_OWN_PROCESSORS = 0.95
"""Requests of the control plane, CoreDNS and the pod network: kubeadm's defaults."""
_OWN_MEMORY = 0.3 * _GIB


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What there is and what is needed."""

    needs: Needs
    capacity: Capacity
    machine: EngineVersion
    nodes: int
    requests: dict[str, Requests]
    """By stack; empty where the cluster is there: then its scheduler says more."""


def observe(subject: Subject) -> RoomFacts:
    engine, version = subject.engine.get(), subject.version.get()
    capacity = observe_capacity(version, cache_dir(create=False), local=engine.is_local)
    # Programs of the catalogue may have to be had again at any time, the largest of them at least.
    if not subject.project:
        return RoomFacts(estimate(nodes=1, clusters=1, tools=1), capacity, version, 1, {})
    workspace = subject.project.workspace
    nodes = workspace.project.cluster.nodes.control_planes + workspace.project.cluster.nodes.workers
    if not subject.makes_cluster:
        return RoomFacts(estimate(pulls=1, tools=1), capacity, version, nodes, {})
    lacking = subject.project.lacking.get()
    builds = sum(image.origin is not None for image in lacking)
    needs = estimate(nodes=nodes, clusters=1, builds=builds, pulls=len(lacking) - builds, tools=1)
    return RoomFacts(needs, capacity, version, nodes, requests_of(workspace))


def judge(facts: RoomFacts) -> Iterator[Finding]:
    kinds = {"memory": MEMORY, "engine-disk": ENGINE_DISK, "cache-disk": CACHE_DISK}
    for shortage in shortages(facts.needs, facts.capacity):
        yield kinds[shortage.of].found(shortage.message, shortage.hint)
    if not facts.requests:
        return
    memory = sum(asked.memory for asked in facts.requests.values()) + _OWN_MEMORY
    processors = sum(asked.processors for asked in facts.requests.values()) + _OWN_PROCESSORS
    has, severity = facts.machine, Severity.ERROR if facts.nodes == 1 else Severity.WARNING
    if has.memory_bytes and memory > has.memory_bytes:
        most = _most({name: asked.memory for name, asked in facts.requests.items()})
        summary = f"they ask for {memory / _GIB:.1f} GiB, and there are {has.memory_bytes / _GIB:.1f}; most: {most}"
        yield MEMORY_REQUESTS.found(summary, f"devenv up --skip {most.split(',')[0]}", severity=severity)
    if has.processors and processors > has.processors * facts.nodes:
        most = _most({name: asked.processors for name, asked in facts.requests.items()})
        summary = f"they ask for {processors:.1f} processors, and there are {has.processors}; most: {most}"
        yield PROCESSOR_REQUESTS.found(summary, f"devenv up --skip {most.split(',')[0]}")


def _most(asked: dict[str, float]) -> str:
    return ", ".join(sorted(asked, key=lambda name: -asked[name])[:_TOGETHER])


CHECK = Check("room", observe, judge, (MEMORY, ENGINE_DISK, CACHE_DISK, MEMORY_REQUESTS, PROCESSOR_REQUESTS))
