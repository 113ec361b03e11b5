"""The project's cluster while it is there: whether it answers, and how its nodes, stacks and pods do."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import is_true
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.doctor.check import Check, Project, Subject
from devenv.runtime.doctor.finding import Finding, Kind, Severity
from devenv.runtime.environment import Environment
from devenv.runtime.observe.cluster import ClusterFacts, NodeFact, ask_cluster, observe_cluster
from devenv.runtime.observe.staleness import RunningContainer, running_in
from devenv.spec.image_reference import Reference, normalise

_LATELY = timedelta(days=1)
_PRESSURES = {
    "DiskPressure": "its disk is nearly full: pods are evicted, and images removed",
    "MemoryPressure": "its memory is nearly used up: pods are evicted",
    "PIDPressure": "it has nearly no processes left to start",
}

UNREACHABLE = Kind(
    "cluster-unreachable",
    Severity.ERROR,
    "The cluster is there and cannot be used",
    "no command that asks it works",
    "Its containers run, and the API server does not answer; or its creation was interrupted; or a cluster of that "
    "name is not devenv's. `devenv up` starts what is stopped, and makes anew only what never was complete.",
)
STOPPED = Kind(
    "cluster-stopped",
    Severity.NOTE,
    "The cluster is stopped",
    "nothing of it answers",
    "After `devenv stop`, or a start of the machine with an engine that does not start containers by itself. "
    "`devenv start` brings it back with its data.",
)
PRESSURE = Kind(
    "node-pressure",
    Severity.ERROR,
    "A node runs out of something",
    "Kubernetes evicts pods, and places none",
    "The node's conditions DiskPressure, MemoryPressure and PIDPressure. All nodes share the machine of the "
    "engine: make room there.",
)
OUT_OF_MEMORY = Kind(
    "out-of-memory",
    Severity.WARNING,
    "A container was ended for its use of memory",
    "it starts again and again, and what it was doing is lost each time",
    "What ended within the last day by the kernel's hand (`OOMKilled`) is named, also where it runs again. Its "
    "limit is set in the stack's values: `resources.limits.memory`.",
)
INCOMPLETE = Kind(
    "stack-incomplete",
    Severity.ERROR,
    "Something of a stack is gone, or its installation failed",
    "the stack does not work, or not as a whole",
    "What is recorded of a stack since it was ready last is looked for: releases, objects, volume claims. "
    "The next `devenv up` installs it again.",
)
DRIFT = Kind(
    "stack-drifted",
    Severity.WARNING,
    "Something of a stack was changed by hand",
    "the environment is not what the specification says, and the next upgrade may undo the change",
    "Objects are compared by the marks of what Helm or devenv applied last ([architecture.md](architecture.md) has "
    "how). `devenv diff` shows field by field what differs.",
)
STALE = Kind(
    "image-stale",
    Severity.WARNING,
    "A pod runs another build than the sources make",
    "what you see is not what you have written",
    "The images that pods of the project's own sources run are compared with the tags that the sources have now, "
    "which are made from what builds read.",
)


@dataclass(frozen=True, slots=True)
class RunningFacts:
    """A cluster and what runs in it."""

    facts: ClusterFacts
    now: datetime
    nodes: tuple[Json, ...] = ()
    pods: tuple[Json, ...] = ()
    built: dict[str, str] = field(default_factory=dict)
    """Images of the project's own sources: name to the reference that the sources make now."""


def observe(subject: Subject) -> RunningFacts | None:
    """None where there is no project, or no cluster of it."""
    project = subject.project
    if not project or project.cluster.get().state is ClusterState.ABSENT:
        return None
    environment = project.environment.get()
    with ThreadPoolExecutor(1, thread_name_prefix="hash sources") as pool:
        built = pool.submit(_built, environment)
        facts, nodes, pods = _ask(project, environment)
        return RunningFacts(facts, datetime.now(UTC), nodes, pods, built.result())


def _ask(project: Project, environment: Environment) -> tuple[ClusterFacts, tuple[Json, ...], tuple[Json, ...]]:
    found: dict[str, list[Json]] = {"nodes": [], "pods": []}

    def ask(cluster: Cluster, nodes: tuple[NodeFact, ...]) -> ClusterFacts:
        with ThreadPoolExecutor(2, thread_name_prefix="observe") as pool:
            asked = {"nodes": pool.submit(cluster.nodes), "pods": pool.submit(cluster.pods)}
            facts = ask_cluster(cluster, nodes)
            found.update({name: answer.result() for name, answer in asked.items()})
        return facts

    facts = observe_cluster(
        project.cluster.get(), environment.kubeconfig, export=lambda: bool(project.kubeconfig.get()), ask=ask
    )
    return facts, tuple(found["nodes"]), tuple(found["pods"])


def _built(environment: Environment) -> dict[str, str]:
    catalogue = environment.catalogue
    names = environment.workspace.project.images
    return {name: own for name in names if (own := catalogue[name].own)}


def judge(running: RunningFacts | None) -> Iterator[Finding]:
    if running is None:
        return
    facts = running.facts
    if facts.state is ClusterState.STOPPED:
        yield STOPPED.found(facts.reason or "none of its containers runs", "devenv start")
        return
    if facts.state is not ClusterState.RUNNING:
        reason = f"it is {facts.state}" + (f": {facts.reason}" if facts.reason else "")
        yield UNREACHABLE.found(reason, "devenv up; docker ps --all --filter label=io.x-k8s.kind.cluster")
        return
    for node in running.nodes:
        for condition, meaning in _PRESSURES.items():
            if is_true(node, condition):
                yield PRESSURE.found(
                    f"node {node['metadata']['name']}: {meaning}", "docker system df; devenv images prune"
                )
    for stack in facts.records:
        if gone := facts.incomplete(stack):
            yield INCOMPLETE.found(f"{stack}: {gone}", "devenv up")
        if changed := facts.drifted(stack):
            yield DRIFT.found(f"{stack}: {changed}", f"devenv diff {stack}; to put it right: devenv up --verify")
    yield from _out_of_memory(running)
    yield from _stale(running)


def _out_of_memory(running: RunningFacts) -> Iterator[Finding]:
    for pod in running.pods:
        limits = {
            container["name"]: (container.get("resources") or {}).get("limits", {}).get("memory", "")
            for container in pod["spec"]["containers"]
        }
        for status in pod.get("status", {}).get("containerStatuses") or ():
            if (ended := _killed(status)) and running.now - ended < _LATELY:
                limit = limits.get(status["name"])
                bound = f"its limit of {limit}" if limit else "the memory that there is"
                place = f"{pod['metadata']['namespace']}/pod/{pod['metadata']['name']}/{status['name']}"
                summary = (
                    f"{place} used more than {bound} at {ended:%Y-%m-%d %H:%M} UTC; {status['restartCount']} restarts"
                )
                yield OUT_OF_MEMORY.found(
                    summary, "raise resources.limits.memory in the stack's values; then: devenv up"
                )


def _killed(status: dict[str, Any]) -> datetime | None:
    """When a container was ended for its use of memory; None where it was not."""
    for when in ("state", "lastState"):
        end = (status.get(when) or {}).get("terminated") or {}
        if end.get("reason") == "OOMKilled" and end.get("finishedAt"):
            return datetime.fromisoformat(end["finishedAt"])
    return None


def _stale(running: RunningFacts) -> Iterator[Finding]:
    wanted = {Reference.parse(reference).repository: reference for reference in running.built.values()}
    others: dict[str, list[RunningContainer]] = {}
    for container in running_in(running.pods):
        own = wanted.get(container.reference.partition("@")[0].rpartition(":")[0])
        if own and container.reference != normalise(own):
            others.setdefault(own, []).append(container)
    for own, containers in others.items():
        name = own.rpartition("/")[2].partition(":")[0]
        more = f" and {len(containers) - 1} more" if containers[1:] else ""
        summary = f"{containers[0].place}{more} runs {containers[0].reference}, and the sources make {own}"
        yield STALE.found(summary, f"devenv up; or while you work on it: devenv dev {name}")


CHECK = Check(
    "the cluster",
    observe,
    judge,
    (UNREACHABLE, STOPPED, PRESSURE, OUT_OF_MEMORY, INCOMPLETE, DRIFT, STALE),
)
