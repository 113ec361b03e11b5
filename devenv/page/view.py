"""What the start page shows, as values, and what is said aloud when it changes. Pure.

Responsible for the shape of the page's content; where it comes from and how it looks is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from devenv.adapters.alertmanager import Alert
from devenv.adapters.dashboards import Dashboard
from devenv.adapters.traefik import Route
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.observe.cluster import NodeFact
from devenv.runtime.tasks.states import TaskStatus
from devenv.workflows.databases.overview import DataOverview
from devenv.workflows.run.links import Link
from devenv.workflows.status import StackState, StackStatus


@dataclass(frozen=True, slots=True)
class WorkloadView:
    """A workload of a stack."""

    kind: str
    name: str
    ready: int
    desired: int
    problem: str
    changed: str
    """When what is wanted of it was changed last, ISO 8601."""
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StackView:
    """A stack."""

    status: StackStatus
    workloads: tuple[WorkloadView, ...] = ()
    loses: str = ""
    """What a restart loses, in words; empty for nearly all stacks."""

    @property
    def changed(self) -> str:
        """When something of it was rolled out last; empty where that is not known."""
        return max((workload.changed for workload in self.workloads), default="")


@dataclass(frozen=True, slots=True)
class FailureView:
    """Something that failed: a stack that is not ready now, or a step of a former run."""

    key: str
    title: str
    code: str
    message: str
    at: datetime
    hint: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    """What explains it, label to text: shown to who has the token, since programs print what nobody expects."""
    current: bool = False
    """Whether it is so now."""


class RunState(StrEnum):
    """How far a run is that the page began."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RunView:
    """A run that a button began."""

    key: str
    title: str
    began: datetime
    state: RunState = RunState.RUNNING
    message: str = ""
    """How far it is, or how it ended."""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class AlertsView:
    """The alerts that fire."""

    firing: tuple[Alert, ...] = ()
    source: bool = False
    """Whether the project has an Alertmanager."""
    problem: str = ""
    """Why it tells nothing."""


@dataclass(frozen=True, slots=True)
class View:
    """All of the page."""

    SHOWN: ClassVar[int] = 3
    """So many failures of former runs are seen at once."""

    project: str
    state: ClusterState | None = None
    """None until it was looked at."""
    reason: str = ""
    nodes: tuple[NodeFact, ...] = ()
    stacks: tuple[StackView, ...] = ()
    tasks: tuple[TaskStatus, ...] = ()
    endpoints: tuple[Link, ...] = ()
    credentials: tuple[tuple[str, str], ...] = ()
    """Name and stack of each; values are asked for."""
    alerts: AlertsView | None = None
    """None until it was asked."""
    data: DataOverview | None = None
    """None until it was looked at."""
    data_problem: str = ""
    dashboards: tuple[Dashboard, ...] = ()
    """Empty where the project has none, or they do not answer."""
    routes: tuple[Route, ...] | None = None
    """Traefik's; None where the project has none, or it does not answer."""
    failures: tuple[FailureView, ...] = ()
    recorded: tuple[FailureView, ...] = ()
    """Those of former runs, newest first."""
    runs: tuple[RunView, ...] = ()
    """Newest first."""

    @property
    def unready(self) -> list[StackView]:
        """The stacks that cannot be used."""
        return [stack for stack in self.stacks if not stack.status.ready]

    @property
    def unready_nodes(self) -> list[NodeFact]:
        """The nodes that run nothing, or that the cluster has lost."""
        return [node for node in self.nodes if not node.ready]

    @property
    def healthy(self) -> bool:
        """Whether all is well."""
        return self.state is ClusterState.RUNNING and not self.unready and not self.unready_nodes

    @property
    def layers(self) -> dict[str, list[StackView]]:
        """The stacks by layer, in their order."""
        found: dict[str, list[StackView]] = {}
        for stack in self.stacks:
            found.setdefault(stack.status.layer, []).append(stack)
        return found

    def dashboard_of(self, stack: str) -> str:
        """The address of what shows a stack's metrics; empty where nothing does.

        That of its engine or of its own name, where there is one; else that of all containers, with the stack chosen.
        """
        engines = [d.engine for d in self.data.databases if d.name == stack] if self.data else []
        known = {dashboard.name: dashboard for dashboard in self.dashboards}
        found = next((known[name] for name in (*engines, stack, "containers") if name in known), None)
        return found.showing(stack) if found else ""


def announcements(before: View, after: View) -> Iterator[str]:
    """What a screen reader says of a change: stacks whose state is another one, runs that ended, alerts that came."""
    if before.state is None:
        return  # it is the first thing that is known: the page itself tells
    if before.state is not after.state:
        yield f"cluster: {after.state}"
    states = {stack.status.name: stack.status.state for stack in before.stacks}
    for stack in (each.status for each in after.stacks):
        if states.get(stack.name, stack.state) is not stack.state:
            reason = f": {stack.reason}" if stack.state is not StackState.READY and stack.reason else ""
            yield f"{stack.name}: {spoken(stack.state)}{reason}"
    runs = {run.key: run.state for run in before.runs}
    for run in after.runs:
        if runs.get(run.key) is not run.state:
            yield f"{run.title}: {run.state}"
    if before.alerts:
        known = {(alert.name, alert.since) for alert in before.alerts.firing}
        for alert in after.alerts.firing if after.alerts else ():
            if (alert.name, alert.since) not in known:
                yield f"alert {alert.name}: {alert.summary}"


def spoken(state: str) -> str:
    """A state as people say it."""
    return state.replace("-", " ")
