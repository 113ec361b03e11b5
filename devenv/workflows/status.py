"""`devenv status`: what there is, what is ready, where it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from devenv.adapters.host.resolver import how_to_resolve, unresolved
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.objects import Purpose
from devenv.adapters.process import is_over
from devenv.events import MASK
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.observe.cluster import ClusterFacts, NodeFact
from devenv.runtime.observe.left_stacks import left_stacks, no_longer_named
from devenv.runtime.tasks.states import TaskStatus, task_states
from devenv.spec.stack import SecretReference
from devenv.spec.workspace import Workspace
from devenv.workflows.alerts import count_alerts
from devenv.workflows.observed import ObservedProject, observe_project
from devenv.workflows.run.links import Link

_HAD: Mapping[Purpose, str] = {
    "debug": "under a debugger, until its devenv debug ends",
    "intercept": "a process of somebody's machine answers for it, until its devenv intercept ends",
}
_LEFT: Mapping[Purpose, str] = {
    "debug": "left under a debugger whose devenv debug was killed: devenv up takes it back",
    "intercept": "left intercepted by a devenv intercept that was killed: devenv up takes it back",
}
_IMAGE_FOLLOWS = "synced, image follows: by devenv dev, or devenv up"


class StackState(StrEnum):
    """The state of a stack in one word."""

    READY = "ready"
    """Installed, and all its workloads are rolled out."""
    SYNCED = "synced"
    """All its workloads are rolled out, and `devenv dev` has put files into their containers: the image follows."""
    DEBUGGED = "debugged"
    """All its workloads are rolled out, one of them under a debugger of `devenv debug`."""
    INTERCEPTED = "intercepted"
    """All its workloads are rolled out, one of them for a process of this machine: `devenv intercept`."""
    NOT_READY = "not-ready"
    """Installed, and something of it does not run."""
    INCOMPLETE = "incomplete"
    """Its installation failed or was interrupted, or parts of it were removed."""
    ABSENT = "absent"
    """Not installed."""
    UNKNOWN = "unknown"
    """The cluster cannot be asked."""


_BORROWED: Mapping[Purpose, StackState] = {"debug": StackState.DEBUGGED, "intercept": StackState.INTERCEPTED}


@dataclass(frozen=True, slots=True)
class StackStatus:
    """One stack."""

    name: str
    layer: str
    namespace: str
    version: str
    state: StackState
    reason: str

    @property
    def ready(self) -> bool:
        """Whether it can be used."""
        return self.state in (StackState.READY, StackState.SYNCED, StackState.DEBUGGED, StackState.INTERCEPTED)


@dataclass(frozen=True, slots=True)
class CredentialStatus:
    """Credentials, hidden unless they were asked for."""

    name: str
    stack: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class StatusReport:
    """Everything that `devenv status` shows."""

    project: str
    cluster: str
    state: ClusterState
    reason: str
    nodes: tuple[NodeFact, ...]
    stacks: tuple[StackStatus, ...]
    endpoints: tuple[Link, ...]
    credentials: tuple[CredentialStatus, ...]
    notes: tuple[str, ...] = ()
    """What is left of former specifications, and what stands in the way of using the endpoints from this machine."""
    tasks: tuple[TaskStatus, ...] = ()
    alerts: int | None = None
    """How many alerts fire; None where no Alertmanager tells."""

    @property
    def ready(self) -> bool:
        """Whether everything is."""
        return self.state is ClusterState.RUNNING and all(stack.ready for stack in self.stacks)


def read_status(directory: Path, *, reveal: bool) -> StatusReport:
    """Read the state of the project in or above a folder.

    Args:
        directory: where devenv.yaml is looked for.
        reveal: whether credentials are given as they are.

    Raises:
        SpecError: with every problem of the specification.
        EngineUnavailableError: no engine answers, so that nothing is known.
    """
    observed = observe_project(directory)
    report = status_of(observed)
    with ThreadPoolExecutor(1, thread_name_prefix="alerts") as pool:
        alerts = pool.submit(count_alerts, report.endpoints)
        credentials = read_credentials(observed, reveal=reveal)
        notes = tuple(_notes(report.endpoints, left_stacks(observed.facts, observed.workspace.selected)))
        tasks = read_tasks(observed)
        return replace(report, credentials=credentials, notes=notes, tasks=tasks, alerts=alerts.result())


def read_tasks(observed: ObservedProject) -> tuple[TaskStatus, ...]:
    """How its tasks are on this machine."""
    return task_states(observed.kubeconfig.parent, observed.workspace.project.tasks)


def status_of(observed: ObservedProject) -> StatusReport:
    """What is to be said of it, without credentials, notes, tasks and alerts. Pure."""
    workspace, facts = observed.workspace, observed.facts
    return StatusReport(
        project=observed.names.project,
        cluster=observed.names.cluster,
        state=facts.state,
        reason=facts.reason,
        nodes=facts.nodes,
        stacks=tuple(_stack(workspace, name, facts) for name in workspace.selected),
        endpoints=tuple(observed.endpoints),
        credentials=(),
    )


def _notes(links: Sequence[Link], left: Sequence[str]) -> Iterator[str]:
    if left:
        yield f"{no_longer_named(left)}: devenv prune"
    # Each name and not their domain: a line in /etc/hosts is of the names that it has.
    if unknown := unresolved({urlsplit(link.url).hostname or "" for link in links}):
        yield (
            "curl and browsers reach the endpoints, but this system's resolver does not know names below localhost, "
            f"and other programs ask it: {how_to_resolve(unknown)}"
        )


def _stack(workspace: Workspace, name: str, facts: ClusterFacts) -> StackStatus:
    spec = workspace.stacks[name].spec
    state, reason = _state(name, facts)
    return StackStatus(name, spec.layer, spec.namespace, spec.version, state, reason)


def _state(name: str, facts: ClusterFacts) -> tuple[StackState, str]:
    if facts.state is ClusterState.ABSENT:
        return StackState.ABSENT, ""
    if facts.state is not ClusterState.RUNNING:
        return StackState.UNKNOWN, f"the cluster is {facts.state}"
    if incomplete := facts.incomplete(name):
        return StackState.INCOMPLETE, incomplete
    return _installed_state(name, facts) if name in facts.records else (StackState.ABSENT, "")


def _installed_state(name: str, facts: ClusterFacts) -> tuple[StackState, str]:
    if reason := facts.unready(name):
        return StackState.NOT_READY, reason
    if borrowers := facts.borrowers(name):
        purpose = borrowers[0].purpose
        left = any(is_over(borrower.process) for borrower in borrowers)
        return _BORROWED[purpose], (_LEFT if left else _HAD)[purpose]
    if name in facts.synced:
        return StackState.SYNCED, _IMAGE_FOLLOWS
    return StackState.READY, ""


def read_credentials(observed: ObservedProject, *, reveal: bool) -> tuple[CredentialStatus, ...]:
    """The credentials of what is installed, masked unless `reveal`; raises ApiUnreachableError."""
    wanted = [
        (name, credential)
        for name in observed.installed
        for credential in observed.workspace.stacks[name].spec.credentials
    ]
    if not wanted:
        return ()
    with Cluster(observed.kubeconfig) as cluster:
        return tuple(
            CredentialStatus(
                credential.name,
                name,
                _values(cluster, credential.secret, observed.workspace.stacks[name].spec.namespace, reveal=reveal),
            )
            for name, credential in wanted
        )


def _values(cluster: Cluster, secret: SecretReference, namespace: str, *, reveal: bool) -> tuple[tuple[str, str], ...]:
    data = cluster.secret(secret.namespace or namespace, secret.name) if reveal else {}
    shown = {key: data.get(key, b"").decode(errors="replace") if reveal else MASK for key in secret.keys}
    return tuple(shown.items())
