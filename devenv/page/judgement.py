"""How each stack is, from what was recorded of it and the cluster's live objects. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.adapters.kubernetes.objects import Workload, last_change, lasting_workloads, node, of_stack
from devenv.adapters.kubernetes.watch import WORKLOADS
from devenv.page.view import StackView, WorkloadView
from devenv.runtime.diagnosis import Scope
from devenv.runtime.diagnosis.findings import Finding, root
from devenv.runtime.diagnosis.rules import Rules, find
from devenv.runtime.diagnosis.scope import members
from devenv.runtime.observe.cluster import NodeFact
from devenv.workflows.observed import ObservedProject
from devenv.workflows.status import StackState, StackStatus, status_of

_TROUBLED = (StackState.NOT_READY, StackState.INCOMPLETE)
_Key = tuple[str, str, str]
"""Kind, namespace and name."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps a stack from being ready, and the objects that tell more of it."""

    stack: str
    finding: Finding
    objects: ObjectsByKind

    @property
    def summary(self) -> str:
        """Subject and message on one line."""
        return f"{self.finding.cause.subject}: {self.finding.cause.message}"


def judge(observed: ObservedProject, snapshot: ObjectsByKind) -> tuple[ObservedProject, tuple[StackView, ...]]:
    """The project as the live objects show it, and its stacks with their workloads."""
    workloads = tuple(w for kind in WORKLOADS for w in lasting_workloads(kind, snapshot[kind]))
    nodes = tuple(_nodes(observed.facts.nodes, snapshot["Node"]))
    live = replace(observed, facts=replace(observed.facts, workloads=workloads, nodes=nodes))
    items = {_key(kind, item): item for kind in WORKLOADS for item in snapshot[kind]}
    return live, tuple(_stack(live, status, items) for status in status_of(live).stacks)


def troubles(observed: ObservedProject, stacks: Iterable[StackView], snapshot: ObjectsByKind) -> Iterator[Trouble]:
    """The root cause of each stack that is not as it should be, where the cluster tells one."""
    for status in (stack.status for stack in stacks):
        if status.state in _TROUBLED:
            scope = Scope.of_stack(status.name, status.namespace, observed.facts.releases)
            objects = members(snapshot, scope)
            if finding := root(find(objects, Rules())):
                yield Trouble(status.name, finding, objects)


def with_causes(stacks: Iterable[StackView], found: Mapping[str, Trouble]) -> tuple[StackView, ...]:
    """The stacks, those in trouble with its root cause as the reason."""
    return tuple(
        replace(stack, status=replace(stack.status, reason=found[stack.status.name].summary))
        if stack.status.name in found
        else stack
        for stack in stacks
    )


def controllers(snapshot: ObjectsByKind) -> frozenset[tuple[str, int]]:
    """Another set whenever a workload comes, goes or is to be another one: then more than its pods may differ."""
    return frozenset(
        (item["metadata"]["uid"], int(item["metadata"].get("generation", 0)))
        for kind in WORKLOADS
        for item in snapshot[kind]
    )


def _stack(observed: ObservedProject, status: StackStatus, items: Mapping[_Key, Json]) -> StackView:
    facts, spec = observed.facts, observed.workspace.stacks[status.name].spec
    if status.state in {StackState.ABSENT, StackState.UNKNOWN}:
        return StackView(status)
    mine = of_stack(status.name, facts.releases, facts.workloads)
    loses = "What it holds beside its seeds is lost." if spec.seeds else ""
    return StackView(status, tuple(_workload(w, items[w.kind, w.namespace, w.name]) for w in mine), loses)


def _workload(workload: Workload, item: Json) -> WorkloadView:
    containers = item["spec"]["template"]["spec"]["containers"]
    return WorkloadView(
        workload.kind,
        workload.name,
        workload.ready,
        workload.desired,
        workload.problem,
        last_change(item),
        tuple(dict.fromkeys(str(container["image"]) for container in containers)),
    )


def _nodes(facts: Iterable[NodeFact], items: Iterable[Json]) -> Iterator[NodeFact]:
    known = {state.name: state for state in map(node, items)}
    for fact in facts:
        state = known.get(fact.name)
        yield replace(fact, ready=state.ready, reason=state.reason) if state else fact


def _key(kind: str, item: Json) -> _Key:
    return kind, item["metadata"]["namespace"], item["metadata"]["name"]
