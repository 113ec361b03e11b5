"""Which databases go with a cluster, and whether they hold anything that seeds and migrations would not bring back.

Responsible for looking, within a few seconds: what does not answer in time counts as worth asking about.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from devenv.adapters.docker import Engine
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.errors import DevenvError, SpecError
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.observe.cluster import ClusterFacts, NodeFact, ask_records, claims_named_after, observe_cluster
from devenv.runtime.ownership.kubeconfig import export_kubeconfig
from devenv.runtime.ownership.ownership import KindCluster
from devenv.spec.stack import StackSpec
from devenv.spec.workspace import Workspace
from devenv.workflows.access.locations import Locations
from devenv.workflows.access.project import load_project
from devenv.workflows.access.session import Session

if TYPE_CHECKING:
    from devenv.workflows.databases.deployed import Deployed

_SECONDS = 2.5
_CLAIMS = "api/v1/persistentvolumeclaims"
"""Under this path an inventory has the claims that are a stack's own, and not made for its StatefulSets."""


@dataclass(frozen=True, slots=True)
class Losses:
    """What is lost with a cluster."""

    databases: tuple[str, ...] = ()
    """By their stacks' names, LocalStack too; those that devenv.yaml names, where the cluster cannot be asked."""
    unknown: str = ""
    """Why the databases cannot be looked at; empty when they can."""
    touched: Callable[[], list[str]] = list
    """Looks which of them may hold more than their seeds."""

    def worth_asking(self) -> str:
        """Why the user should be asked, in words; empty when only seeds are lost."""
        if self.unknown:
            return f"What the databases hold cannot be seen: {self.unknown}"
        touched = self.touched()
        return f"More than their seeds may be in {', '.join(touched)}" if touched else ""


def look_for_losses(locations: Locations, engine: Engine, kind_cluster: KindCluster, session: Session) -> Losses:
    """What goes when a cluster does. Nothing that is wrong with project or cluster keeps it from being removed."""
    if kind_cluster.state is ClusterState.ABSENT or kind_cluster.never_complete:
        return Losses()
    try:
        workspace = load_project(locations.root, session)
    except SpecError as error:
        return Losses(unknown=error.message)
    kubeconfig = locations.kubeconfig
    export = partial(export_kubeconfig, engine, kind_cluster.names.cluster, kind_cluster.containers, kubeconfig)
    facts = observe_cluster(kind_cluster, kubeconfig, export=export, ask=_ask)
    if facts.state is not ClusterState.RUNNING:
        known = tuple(name for name in workspace.selected if _holds_data(workspace.stacks[name].spec))
        return Losses(known, f"the cluster is {facts.state}" if known else "")
    there = {*facts.records, *(release.stack for release in facts.releases)}
    databases = [n for n in workspace.selected if workspace.stacks[n].spec.database and n in there]
    # What is in LocalStack is lost whenever its pod ends, so that it is named and never asked about.
    seeded = [n for n in workspace.selected if workspace.stacks[n].spec.seeds and n in facts.records]
    look = other_holders if facts.has_record else other_volumes
    others = look(workspace, facts, [*databases, *seeded])
    touched = partial(_touched, engine, workspace, facts, session)
    return Losses((*databases, *seeded, *others), touched=lambda: [*touched(), *others])


def other_holders(workspace: Workspace, facts: ClusterFacts, known: Collection[str]) -> list[str]:
    """Stacks with volumes that cannot be looked into: the project's own, and those that devenv.yaml lacks by now."""
    return [
        name
        for name, recorded in sorted(facts.records.items())
        if (recorded.claims or (recorded.objects or {}).get(_CLAIMS))
        and name not in known
        and (name not in workspace.selected or not workspace.stacks[name].builtin)
    ]


def other_volumes(workspace: Workspace, facts: ClusterFacts, known: Collection[str]) -> list[str]:
    """Volumes that cannot be looked into, where the record is lost that tells whose they are.

    Left out are those of databases that are known, and what is in namespaces of devenv's own stacks alone.
    """
    stacks = {name: workspace.stacks[name] for name in workspace.selected}
    own = {stack.spec.namespace for stack in stacks.values() if stack.builtin}
    own -= {stack.spec.namespace for name, stack in stacks.items() if not stack.builtin and name not in known}
    claims = facts.claims or {}
    databases = [(spec.namespace, spec.database.workload) for name in known if (spec := stacks[name].spec).database]
    claimed = {key for namespace, workload in databases for key in claims_named_after(namespace, workload, claims)}
    return [f"volume {key}" for key in sorted(claims.keys() - claimed) if key.partition("/")[0] not in own]


def _ask(cluster: Cluster, nodes: tuple[NodeFact, ...]) -> ClusterFacts:
    facts = ask_records(cluster, nodes)
    return facts if facts.has_record else replace(facts, claims=cluster.claims())


def _holds_data(spec: StackSpec) -> bool:
    return spec.database is not None or spec.seeds


def _touched(engine: Engine, workspace: Workspace, facts: ClusterFacts, session: Session) -> list[str]:
    """Those that hold more than their seeds, that have snapshots, or that did not answer in time."""
    # What opens databases takes long to load, and is needed only where somebody is asked.
    from devenv.workflows.access.connect import environment_on  # noqa: PLC0415
    from devenv.workflows.databases.deployed import Deployment  # noqa: PLC0415

    deployment = Deployment(environment_on(engine, workspace, session), facts)
    deployed = deployment.choose(())
    answers: queue.SimpleQueue[tuple[str, bool]] = queue.SimpleQueue()

    def ask(one: Deployed) -> None:
        try:
            with deployment.open(one) as database:
                answers.put((one.name, database.touched() or bool(database.snapshots.list())))
        except DevenvError:
            answers.put((one.name, True))  # what cannot be looked at

    for one in deployed:
        # A server that hangs must not keep the process from ending.
        threading.Thread(target=ask, args=(one,), name=f"look at {one.name}", daemon=True).start()
    found: dict[str, bool] = {}
    end = time.monotonic() + _SECONDS
    while len(found) < len(deployed):
        try:
            name, touched = answers.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            break
        found[name] = touched
    return [one.name for one in deployed if found.get(one.name, True)]
