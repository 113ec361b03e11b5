"""What there is of a project's cluster, read for planning and for status.

Responsible for looking only, in well under half a second: every question to the API at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from devenv.adapters.kubernetes import Cluster, NodeState, Recorded, Release, Workload, of_stack
from devenv.engine.ownership import KIND_ROLE_LABEL, ContainerFacts, is_node, ownership
from devenv.errors import ApiRefusedError, ApiUnreachableError, DevenvError
from devenv.plan.names import Names
from devenv.plan.observed import ClusterState


@dataclass(frozen=True, slots=True)
class NodeFact:
    """A node of the cluster: its container, and what the API says of it."""

    name: str
    role: str
    """control-plane or worker."""
    running: bool
    ready: bool = False
    reason: str = ""
    """Why it is not ready."""


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """Everything that is known of a project's cluster."""

    state: ClusterState
    reason: str = ""
    """Why it is broken or unreachable."""
    nodes: tuple[NodeFact, ...] = ()
    releases: tuple[Release, ...] = ()
    workloads: tuple[Workload, ...] = ()
    records: Mapping[str, Recorded] = field(default_factory=dict)
    """Stack to what was recorded when it was last ready."""

    def unready(self, stack: str) -> str:
        """Why a stack's workloads are not ready, in words; empty when they are (or there are none)."""
        mine = of_stack(stack, self.releases, self.workloads)
        return "; ".join(f"{w.kind.lower()} {w.name}: {w.problem}" for w in mine if w.problem)

    def incomplete(self, stack: str) -> str:
        """What of a stack failed, was interrupted or was removed since it was ready; empty when nothing."""
        failed = [r for r in self.releases if r.stack == stack and r.status != "deployed"]
        if failed:
            return f"release {failed[0].name} is {failed[0].status}"
        present = {w.key for w in of_stack(stack, self.releases, self.workloads)}
        gone = [key for key in self.records[stack].workloads if key not in present] if stack in self.records else []
        return f"{', '.join(gone)} removed" if gone else ""


def observe_cluster(
    names: Names,
    containers: Sequence[ContainerFacts],
    network_labels: Mapping[str, str] | None,
    kubeconfig: Path,
    *,
    export: Callable[[], None] | None = None,
) -> ClusterFacts:
    """Read the state of a project's cluster.

    Args:
        names: what the project's things are called.
        containers: those labelled as nodes of the cluster of that name.
        network_labels: the labels of the project's network; None when there is no such network.
        kubeconfig: the project's own.
        export: writes the kubeconfig again where it is missing.
    """
    nodes = tuple(_node(c) for c in containers if is_node(c))
    state = ownership(names, containers, network_labels)
    if state is not ClusterState.RUNNING:
        return ClusterFacts(state, nodes=nodes)
    if not kubeconfig.is_file() and export:
        try:
            export()
        except DevenvError as error:
            return ClusterFacts(ClusterState.BROKEN, error.message, nodes)
    try:
        with Cluster(kubeconfig) as cluster:
            return ask_cluster(cluster, nodes)
    except (ApiUnreachableError, ApiRefusedError) as error:
        missing = not kubeconfig.is_file()
        return ClusterFacts(ClusterState.BROKEN if missing else ClusterState.UNREACHABLE, error.message, nodes)


def _node(container: ContainerFacts) -> NodeFact:
    role = container.labels.get(KIND_ROLE_LABEL, "")
    return NodeFact(container.name, role, container.state == "running")


def ask_cluster(cluster: Cluster, nodes: tuple[NodeFact, ...]) -> ClusterFacts:
    """What the API tells of a cluster whose nodes run, every question at once.

    Raises:
        ApiUnreachableError: it does not answer.
        ApiRefusedError: it answers with an error.
    """
    with ThreadPoolExecutor(4, thread_name_prefix="observe") as pool:
        state: Future[dict[str, Recorded] | None] = pool.submit(cluster.state)
        releases = pool.submit(cluster.releases)
        workloads = pool.submit(cluster.workloads)
        states = pool.submit(cluster.node_states)
        records = state.result()
        if records is None:
            return ClusterFacts(ClusterState.BROKEN, "its creation was not completed", nodes)
        return ClusterFacts(
            ClusterState.RUNNING,
            nodes=_with_states(nodes, states.result()),
            releases=tuple(releases.result()),
            workloads=tuple(workloads.result()),
            records=records,
        )


def _with_states(nodes: tuple[NodeFact, ...], states: Sequence[NodeState]) -> tuple[NodeFact, ...]:
    known = {s.name: s for s in states}
    return tuple(
        replace(n, ready=known[n.name].ready, reason=known[n.name].reason)
        if n.name in known
        else replace(n, reason="it has not joined the cluster")
        for n in nodes
    )
