"""Which stacks provably run already what digests pin since they were installed: those need not be installed again.

Responsible for asking the pods and the nodes, where a lock has changed and nothing else, and for what counts as proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from devenv.adapters.docker import Engine
from devenv.images.nodes.identity import image_digests, index_parts
from devenv.plan.cluster_state import ClusterState
from devenv.plan.observed import Observed
from devenv.plan.planner import Wanted, is_newly_pinned
from devenv.runtime.diagnosis.scope import Scope
from devenv.runtime.environment import Environment
from devenv.runtime.observe.cluster import ClusterFacts
from devenv.runtime.observe.staleness import (
    ExpectedImage,
    NodeImages,
    RunningContainer,
    expectations,
    running_containers,
    stale,
)
from devenv.spec.image_reference import normalise


class AskedNodes:
    """Asks each node once, and only when the kubelet's report alone does not settle it."""

    def __init__(self, engine: Engine, expected: Sequence[ExpectedImage]) -> None:
        self._engine = engine
        self._names = [normalise(image.reference) for image in expected]
        self._known: dict[str, Mapping[str, frozenset[str]]] = {}

    def meant(self, node: str, name: str) -> frozenset[str]:
        if node not in self._known:
            self._known[node] = image_digests(self._engine, node, self._names)
        return self._known[node].get(name, frozenset())

    def parts(self, node: str, digest: str) -> frozenset[str]:
        return index_parts(self._engine, node, digest) if digest else frozenset()


def proven_pins(environment: Environment, wanted: Wanted, observed: Observed, facts: ClusterFacts) -> frozenset[str]:
    """The stacks of which nothing has changed but that their images are pinned, to what they run.

    Raises:
        ImageError: a node does not answer.
    """
    asked = [(spec, made) for spec, made in wanted.stacks if is_newly_pinned(made, observed.stacks.get(spec.name))]
    if not asked or facts.state is not ClusterState.RUNNING:
        return frozenset()
    engine, snapshot = environment.engine, environment.cluster.informer().snapshot()
    nodes = [node.name for node in facts.nodes]
    proven = set()
    for spec, made in asked:
        pinned = [(n, ref) for n, ref in made.images.items() if _is_pinned(n, ref, observed)]
        there = engine.images.ids([ref for _, ref in pinned if ref in observed.images.in_engine])
        expected = expectations(pinned, there, frozenset())
        scope = Scope.of_stack(spec.name, spec.namespace, facts.releases)
        running = running_containers(snapshot, scope)
        if len(expected) == len(pinned) and runs(expected, running, nodes, AskedNodes(engine, expected)):
            proven.add(spec.name)
    return frozenset(proven)


def _is_pinned(name: str, reference: str, observed: Observed) -> bool:
    image = observed.images.described[name]
    return bool(image.digest) and reference == image.upstream


def runs(
    expected: Sequence[ExpectedImage], running: Iterable[RunningContainer], nodes: Sequence[str], asked: NodeImages
) -> bool:
    """Whether every container of these images runs just them, and each node would start no other by their names."""
    names = {normalise(image.reference) for image in expected}
    concerned = [container for container in running if container.reference in names]
    wrong, right = stale(concerned, expected, asked)
    held = all(image.id in asked.meant(node, normalise(image.reference)) for node in nodes for image in expected)
    return not wrong and right == len(concerned) and held
