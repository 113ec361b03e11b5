"""What there is of a project's cluster, read for planning and for status.

Responsible for looking only, in well under half a second: every question to the API at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.adapters.docker import ContainerInfo
from devenv.adapters.kubernetes.cluster import Cluster, NodeState, Recorded, Release, Workload, of_stack
from devenv.adapters.kubernetes.inventory import Inventory
from devenv.adapters.kubernetes.objects import Borrower, Purpose, label
from devenv.adapters.kubernetes.watch import PATHS, WORKLOADS
from devenv.adapters.process import is_over
from devenv.errors import DevenvError
from devenv.labels import LABEL_SYNCED
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.ownership.ownership import KIND_ROLE_LABEL, KindCluster, is_node
from devenv.spec.project import ProjectSpec
from devenv.spec.stack import StackSpec

if TYPE_CHECKING:
    from devenv.plan.observed import ObservedStack

_LISTED_AT_MOST = 3
"""Objects that are named where all of a kind are gone."""


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
    """Why it is broken, unreachable or stopped in part."""
    nodes: tuple[NodeFact, ...] = ()
    releases: tuple[Release, ...] = ()
    workloads: tuple[Workload, ...] = ()
    records: Mapping[str, Recorded] = field(default_factory=dict)
    """Stack to what was recorded when it was last ready."""
    has_record: bool = False
    """Whether there is a record at all, be it empty; else `records` is what Helm's releases tell."""
    profile: str = ""
    """The profile that was brought up last; empty where none is recorded."""
    synced: frozenset[str] = frozenset()
    """Stacks with pods that `devenv dev` has put files into."""
    present: Inventory = field(default_factory=dict)
    """What there is of the kinds of objects that are recorded, as far as it was looked at."""

    claims: Mapping[str, str] | None = None
    """All volume claims, `namespace/name` to UID; None where they were not looked at."""

    def other_profile(self, project: ProjectSpec) -> str | None:
        """The project's profile that is up, where that is not the chosen one; None also where none is recorded."""
        return self.profile if self.profile in {*project.known_profiles} - {project.profile} else None

    def fresh_databases(self, specs: Iterable[StackSpec]) -> frozenset[str]:
        """The stacks whose databases hold nothing yet, by name."""
        return frozenset(
            spec.name for spec in specs if spec.database and self.has_no_data(spec.namespace, spec.database.workload)
        )

    def has_no_data(self, namespace: str, workload: str) -> bool:
        """Whether no data can be there of a workload that is not there and has no volume claims left.

        Args:
            namespace: its namespace.
            workload: its kind and name: `statefulset/postgres`.
        """
        if self.state.is_to_be_made:
            return True
        if self.state is not ClusterState.RUNNING or self.claims is None:
            return False
        name = workload.rpartition("/")[2]
        runs = any((w.namespace, w.name) == (namespace, name) for w in self.workloads)
        return not runs and not claims_named_after(namespace, workload, self.claims)

    def unready(self, stack: str) -> str:
        """Why a stack's workloads are not ready, in words; empty when they are (or there are none)."""
        mine = of_stack(stack, self.releases, self.workloads)
        return "; ".join(f"{w.kind.lower()} {w.name}: {w.problem}" for w in mine if w.problem)

    def borrowers(self, stack: str) -> list[Borrower]:
        """Who has changed workloads of a stack for a while."""
        return [w.borrower for w in of_stack(stack, self.releases, self.workloads) if w.borrower]

    def left_by(self, stack: str) -> Purpose | None:
        """For what a stack's workloads were changed by somebody who was killed since."""
        return next((each.purpose for each in self.borrowers(stack) if is_over(each.process)), None)

    def incomplete(self, stack: str) -> str:
        """What of a stack failed, was interrupted or was removed since it was ready; empty when nothing."""
        failed = [r for r in self.releases if r.stack == stack and r.status != "deployed"]
        if failed:
            return f"release {failed[0].name} is {failed[0].status}"
        recorded = self.records.get(stack, Recorded(""))
        gone = [f"release {key}" for key in recorded.releases if key not in {r.key for r in self.releases}]
        gone += recorded.missing(self.present)
        if self.claims is not None:
            # Under the same name there may be another one, with an empty volume.
            gone += [f"volume claim {key}" for key, uid in recorded.claims.items() if self.claims.get(key) != uid]
        return f"{_listed(gone)} removed" if gone else ""

    def other_nodes(self, wanted: Sequence[str]) -> str:
        """What the cluster has for nodes where the specification asks for others, in words; empty where it has those.

        `wanted` is the role of each, sorted. A cluster keeps the nodes that it was made with.
        """
        made = sorted(node.role for node in self.nodes)
        if self.state is not ClusterState.RUNNING or made == list(wanted):
            return ""
        return f"the cluster was made with {_counted(made)}, and the specification asks for {_counted(wanted)}"

    def drifted(self, stack: str) -> str:
        """What of a stack somebody has changed since it was ready, in words; empty when nothing."""
        changed = self.records[stack].changed(self.present) if stack in self.records else []
        return f"{_listed(changed)} changed by hand" if changed else ""

    def _namespaces(self, stack: str) -> frozenset[str]:
        """Where a stack's releases were when it was last ready."""
        releases = self.records[stack].releases if stack in self.records else ()
        return frozenset(key.partition("/")[0] for key in releases)

    def observed_stacks(self, *, verify: bool = False) -> dict[str, ObservedStack]:
        """What a plan is made from, of what is known of the cluster."""
        # With it come all steps, which take long to load: who only looks has no plan.
        from devenv.plan.observed import ObservedStack  # noqa: PLC0415

        if self.state is not ClusterState.RUNNING:
            # What cannot be asked is taken as recorded nowhere; starting the cluster makes it known to the next run.
            return {}
        pending = {release.stack for release in self.releases if release.pending}
        names = {*self.records, *pending}
        return {
            name: ObservedStack(
                content=self.records[name].content if name in self.records else "",
                ready=not self.unready(name),
                pending=name in pending,
                missing=bool(self.incomplete(name)),
                recorded=name in self.records and self.records[name].objects is not None,
                untouched=self.records[name].untouched(self.present) if name in self.records else frozenset(),
                namespaces=self._namespaces(name),
                drifted=verify and bool(self.drifted(name)),
                synced=name in self.synced,
                left_by=self.left_by(name),
            )
            for name in names
        }


Questions = Callable[[Cluster, tuple[NodeFact, ...]], ClusterFacts]
"""What is asked of a cluster's API."""


def observe_cluster(
    kind_cluster: KindCluster, kubeconfig: Path, *, export: Callable[[], bool], ask: Questions | None = None
) -> ClusterFacts:
    """Read the state of a project's cluster.

    Args:
        kind_cluster: what the engine has of it.
        kubeconfig: the project's own; it may be missing, damaged, or another cluster's of the same name.
        export: writes the kubeconfig as the cluster in this engine has it.
        ask: what is asked of one whose nodes run; else everything, as by `ask_cluster`.
    """
    nodes = tuple(_node(c) for c in kind_cluster.containers if is_node(c))
    state = kind_cluster.state
    facts = ClusterFacts(state, _partly_stopped(kind_cluster), nodes)
    if state is ClusterState.RUNNING:
        facts = _ask(nodes, kubeconfig, export, ask or ask_cluster)
    if not kind_cluster.never_complete or facts.has_record:
        return facts
    return ClusterFacts(ClusterState.BROKEN, "its creation is not complete", nodes)


def _ask(nodes: tuple[NodeFact, ...], kubeconfig: Path, export: Callable[[], bool], ask: Questions) -> ClusterFacts:
    """Ask the API of the cluster that the engine holds.

    The file is never believed: another engine may hold a cluster of the same name, and that one's API answers as well.
    """
    try:
        export()
        with Cluster(kubeconfig) as cluster:
            return ask(cluster, nodes)
    except DevenvError as error:
        return ClusterFacts(ClusterState.UNREACHABLE, error.message, nodes)


def _partly_stopped(kind_cluster: KindCluster) -> str:
    """Which containers of a cluster do not run while others do, in words: the load balancer is in no list of nodes."""
    stopped = [container.name for container in kind_cluster.containers if container.state != "running"]
    return f"{', '.join(stopped)} stopped" if 0 < len(stopped) < len(kind_cluster.containers) else ""


def _node(container: ContainerInfo) -> NodeFact:
    role = container.labels.get(KIND_ROLE_LABEL, "")
    return NodeFact(container.name, role, container.state == "running")


def ask_cluster(cluster: Cluster, nodes: tuple[NodeFact, ...], *, compare: bool = True) -> ClusterFacts:
    """What the API tells of a cluster whose nodes run, every question at once.

    Args:
        cluster: the cluster.
        nodes: as the engine knows them.
        compare: whether everything that is recorded of stacks is looked for, and not their workloads alone.

    Raises:
        ApiUnreachableError: it does not answer.
        ApiRefusedError: it answers with an error.
    """
    with ThreadPoolExecutor(7, thread_name_prefix="observe") as pool:
        state: Future[dict[str, Recorded] | None] = pool.submit(cluster.state)
        releases = pool.submit(cluster.releases)
        workloads = pool.submit(cluster.workloads)
        states = pool.submit(cluster.node_states)
        profile = pool.submit(cluster.profile)
        synced = pool.submit(cluster.synced_pods)
        claims = pool.submit(cluster.claims) if compare else None
        records = state.result()
        known = records_of(releases.result()) if records is None else records
        paths = {path for recorded in known.values() for path in recorded.objects or ()}
        others = cluster.present(paths - {PATHS[kind] for kind in WORKLOADS}) if compare else {}
        return ClusterFacts(
            ClusterState.RUNNING,
            nodes=_with_states(nodes, states.result()),
            releases=tuple(releases.result()),
            workloads=tuple(workloads.result()),
            records=known,
            has_record=records is not None,
            profile=profile.result(),
            synced=frozenset(label(pod, LABEL_SYNCED) for pod in synced.result()),
            present={**others, **_by_path(workloads.result())},
            claims=claims.result() if claims else None,
        )


def ask_records(cluster: Cluster, nodes: tuple[NodeFact, ...]) -> ClusterFacts:
    """What is recorded of the stacks, and Helm's releases; raises what `ask_cluster` does."""
    with ThreadPoolExecutor(2, thread_name_prefix="observe") as pool:
        state, releases = pool.submit(cluster.state), pool.submit(cluster.releases)
        records = state.result()
        known = records_of(releases.result()) if records is None else records
        return ClusterFacts(
            ClusterState.RUNNING,
            nodes=nodes,
            releases=tuple(releases.result()),
            records=known,
            has_record=records is not None,
        )


def records_of(releases: Sequence[Release]) -> dict[str, Recorded]:
    """What Helm's releases tell of their stacks: all there is where devenv's own record was lost. Pure."""
    by_stack: dict[str, list[Release]] = {}
    for release in releases:
        if release.stack:
            by_stack.setdefault(release.stack, []).append(release)
    return {
        stack: Recorded(mine[0].content, None, tuple(r.key for r in mine))
        for stack, mine in by_stack.items()
        if all((r.status, r.content) == ("deployed", mine[0].content) for r in mine)
    }


def _counted(roles: Sequence[str]) -> str:
    return " and ".join(f"{count} {role}{'s' if count > 1 else ''}" for role, count in sorted(Counter(roles).items()))


def claims_of(workloads: Iterable[Workload], claims: Mapping[str, str]) -> dict[str, str]:
    """Those of all volume claims that some workloads have made. Pure."""
    return {key: uid for workload in workloads for key, uid in workload.claims_among(claims).items()}


def claims_named_after(namespace: str, workload: str, claims: Iterable[str]) -> list[str]:
    """Those of all claims, `namespace/name`, that are called as those of a workload's pods, whatever its templates are.

    The workload, kind and name, need not be there: `statefulset/postgres`.
    """
    name = workload.rpartition("/")[2]
    claim = re.compile(f"{re.escape(namespace)}/.+-{re.escape(name)}-\\d+")
    return [key for key in claims if claim.fullmatch(key)]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _LISTED_AT_MOST
    return ", ".join(names[:_LISTED_AT_MOST]) + (f" and {more} more" if more > 0 else "")


def _by_path(workloads: Sequence[Workload]) -> Inventory:
    return {PATHS[kind]: {f"{w.namespace}/{w.name}": w.mark for w in workloads if w.kind == kind} for kind in WORKLOADS}


def _with_states(nodes: tuple[NodeFact, ...], states: Sequence[NodeState]) -> tuple[NodeFact, ...]:
    known = {s.name: s for s in states}
    return tuple(
        replace(n, ready=known[n.name].ready, reason=known[n.name].reason)
        if n.name in known
        else replace(n, reason="it has not joined the cluster")
        for n in nodes
    )
