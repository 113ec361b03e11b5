"""Keeps the board current: the cluster by its watches, the rest by asking while somebody looks.

Responsible for when what is asked. What it means is judged in `judgement`, and by the workflows behind `devenv status`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from devenv.adapters.dashboards import Dashboard, list_dashboards
from devenv.adapters.files.paths import state_dir
from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.json_objects import ObjectsByKind
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.adapters.traefik import Route, list_routes
from devenv.errors import ApiRefusedError, DevenvError
from devenv.errors.translation import as_devenv_error
from devenv.page.board import Board
from devenv.page.judgement import Trouble, controllers, judge, troubles, with_causes
from devenv.page.view import AlertsView, FailureView, StackView
from devenv.plan.cluster_state import ClusterState
from devenv.runtime.diagnosis import QUICK_GATHER
from devenv.runtime.diagnosis.watch import Diagnosis, diagnose
from devenv.runtime.toolbox import Toolbox
from devenv.ui.run.failure_record import recorded_failures
from devenv.workflows.access.session import silent_session
from devenv.workflows.alerts import alerts_at
from devenv.workflows.databases.overview import read_overview
from devenv.workflows.observed import ObservedProject, observe_project
from devenv.workflows.status import read_tasks, status_of

_AGAIN_SECONDS = 2.0
"""Between two looks at a cluster that does not run, and at most so often at all of one that changes."""
_ALL_SECONDS = 20.0
"""At least so often everything is looked at: Helm's releases, what was removed, whether the cluster is there."""
_IDLE_SECONDS = 60.0
"""The same while nobody looks."""
_TICK = 1.0
_ALERTS_SECONDS = 5.0
_DATA_SECONDS = 30.0
_LOG_LINES = 40
_DASHBOARDS, _TRAEFIK = ("dashboards", "dashboards"), ("traefik", "dashboard")
"""Stack and endpoint."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A failure of a stack since it was first seen."""

    identity: tuple[str, str]
    since: datetime
    diagnosis: Diagnosis


class Live:
    """Two threads that write on the board."""

    def __init__(
        self, directory: Path, board: Board, *, url: str, is_wanted: Callable[[], bool], end: Callable[[], object]
    ) -> None:
        """Prepare.

        Args:
            directory: the project's folder.
            board: where what is seen goes.
            url: where a browser finds the page.
            is_wanted: whether somebody still means this server; asked at each look at everything.
            end: called once nobody does, or there is no cluster any more.
        """
        self._directory = directory
        self._board = board
        self._url = url
        self._is_wanted = is_wanted
        self._end = end
        self._data_due = threading.Event()
        self._seen: dict[str, _Seen] = {}
        self._observed: ObservedProject | None = None
        self._redirected = ""
        """The content of the Traefik that leads here."""

    def start(self) -> None:
        """Begin. It ends with the process: a question to an engine that hangs must not keep the server from ending."""
        for name, work in (("cluster", self._follow), ("questions", self._ask)):
            threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True).start()

    def look_at_data(self) -> None:
        """Have the databases looked at now: something was done to them."""
        self._data_due.set()

    def _guarded(self, work: Callable[[], None]) -> None:
        """A page that nobody keeps current is worse than none: its readers are told that it is not live."""
        try:
            work()
        except Exception:
            self._end()
            raise

    def _follow(self) -> None:
        while True:
            observed = self._look()
            if observed and observed.facts.state is ClusterState.RUNNING:
                try:
                    with Cluster(observed.kubeconfig) as cluster:
                        self._watch(cluster, observed)
                except DevenvError as error:
                    self._board.update(state=ClusterState.UNREACHABLE, reason=error.message)
            if self._board.await_end(_AGAIN_SECONDS):
                return

    def _look(self) -> ObservedProject | None:
        """Look at everything once; None where that is not possible."""
        if not self._is_wanted():
            self._end()
        try:
            observed = observe_project(self._directory)
        except DevenvError as error:
            self._board.update(state=ClusterState.UNREACHABLE, reason=error.message)
            return None
        if observed.facts.state is ClusterState.ABSENT:
            self._end()
        credentials = tuple(
            (credential.name, stack)
            for stack in observed.installed
            for credential in observed.workspace.stacks[stack].spec.credentials
        )
        self._board.update(credentials=credentials, endpoints=tuple(observed.endpoints), recorded=self._recorded())
        if observed.facts.state is not ClusterState.RUNNING:
            self._board.update(alerts=None, data=None, data_problem="", dashboards=(), routes=None, failures=())
            self._show(observed, tuple(StackView(status) for status in status_of(observed).stacks))
        self._observed = observed
        return observed

    def _watch(self, cluster: Cluster, observed: ObservedProject) -> None:
        """Follow a cluster that runs, until it does not."""
        informer = cluster.informer()
        known, looked, judged = controllers(informer.snapshot()), time.monotonic(), -1
        while not self._board.closed:
            self._redirect_root(cluster, observed)
            revision, snapshot = informer.revision, informer.snapshot()
            if revision != judged:
                self._judge(cluster, observed, snapshot)
                judged = revision
            age, now = time.monotonic() - looked, controllers(snapshot)
            if age > _ALL_SECONDS or (age > _AGAIN_SECONDS and (now != known or informer.failure)):
                known, looked, judged = now, time.monotonic(), -1
                found = self._look()
                if found is None or found.facts.state is not ClusterState.RUNNING:
                    return
                observed = found
            informer.wait(revision, _TICK, gather=QUICK_GATHER)
            while not self._board.await_reader(_IDLE_SECONDS):
                looked = 0.0
                if self._is_gone():
                    return

    def _redirect_root(self, cluster: Cluster, observed: ObservedProject) -> None:
        """Have Traefik lead the project's own name to the page, again where it was installed anew."""
        stack, names = _TRAEFIK[0], observed.names
        record = observed.facts.records.get(stack)
        if stack not in observed.installed or record is None or record.content == self._redirected:
            return
        try:
            cluster.redirect(observed.workspace.stacks[stack].spec.namespace, names.domain, self._url)
        except ApiRefusedError:
            return  # it is being taken away or put back: at the next turn
        self._redirected = record.content

    def _is_gone(self) -> bool:
        """While nobody looks, only whether there is still something to look at."""
        found = self._look()
        return found is None or found.facts.state is not ClusterState.RUNNING

    def _judge(self, cluster: Cluster, observed: ObservedProject, snapshot: ObjectsByKind) -> None:
        live, stacks = judge(observed, snapshot)
        found = {trouble.stack: trouble for trouble in troubles(live, stacks, snapshot)}
        self._show(live, with_causes(stacks, found))
        # After what is seen at once: logs are asked for.
        self._explain(cluster, observed, found)

    def _show(self, observed: ObservedProject, stacks: tuple[StackView, ...]) -> None:
        facts = observed.facts
        came = {stack.status.name for stack in stacks if stack.status.ready}
        if came - {stack.status.name for stack in self._board.view.stacks if stack.status.ready}:
            self._data_due.set()
        self._board.update(state=facts.state, reason=facts.reason, nodes=facts.nodes, stacks=stacks)

    def _explain(self, cluster: Cluster, observed: ObservedProject, found: dict[str, Trouble]) -> None:
        now = datetime.now(UTC)
        for stack, trouble in found.items():
            identity = (trouble.finding.identity, trouble.finding.cause.message)
            seen = self._seen.get(stack)
            if seen is None or seen.identity != identity:
                since = seen.since if seen else now
                diagnosis = diagnose(cluster, _kubectl(observed), trouble.finding, trouble.objects)
                self._seen[stack] = _Seen(identity, since, diagnosis)
        self._seen = {stack: seen for stack, seen in self._seen.items() if stack in found}
        self._board.update(failures=tuple(_failure(stack, seen) for stack, seen in self._seen.items()))

    def _ask(self) -> None:
        """What has no watch: alerts, databases, LocalStack."""
        data_due = 0.0
        while not self._board.closed:
            if not self._board.await_reader(_IDLE_SECONDS):
                continue
            if self._observed:
                self._board.update(tasks=read_tasks(self._observed))
            if self._observed and self._observed.facts.state is ClusterState.RUNNING:
                self._board.update(alerts=_alerts(self._observed), routes=_routes(self._observed))
                if self._data_due.is_set() or time.monotonic() > data_due:
                    self._data_due.clear()
                    self._board.update(dashboards=_dashboards(self._observed))
                    self._look_at_data()
                    data_due = time.monotonic() + _DATA_SECONDS
            self._data_due.wait(_ALERTS_SECONDS if self._observed else _TICK)

    def _look_at_data(self) -> None:
        try:
            self._board.update(data=read_overview(self._directory, silent_session()), data_problem="")
        except Exception as error:  # noqa: BLE001 -- of six servers and their drivers: shown, and the rest goes on
            self._board.update(data=None, data_problem=as_devenv_error(error).message)

    def _recorded(self) -> tuple[FailureView, ...]:
        logs = state_dir(self._board.view.project, create=False) / "logs"
        return tuple(
            FailureView(
                key=f"run-{failure.at:%Y%m%dT%H%M%S%f}",
                title=f"{failure.title} (devenv {failure.command})",
                code=failure.code,
                message=failure.message,
                at=failure.at,
                hint=failure.hint,
                facts=(*failure.facts, ("log of the run", failure.log)),
            )
            for failure in recorded_failures(logs)
        )


def _kubectl(observed: ObservedProject) -> Kubectl:
    """What hints are calls of: the one that is on this machine."""
    return Toolbox.locate(observed.kubeconfig, {"kubectl": observed.workspace.versions.tools["kubectl"]}).kubectl


def _alerts(observed: ObservedProject) -> AlertsView:
    try:
        found = alerts_at(observed.endpoints, timeout=_ALERTS_SECONDS)
    except DevenvError as error:
        return AlertsView(source=True, problem=error.message)
    return AlertsView() if found is None else AlertsView(found, source=True)


def _dashboards(observed: ObservedProject) -> tuple[Dashboard, ...]:
    """None that can be shown is none: that their stack is not well is said there."""
    url = _endpoint(observed, *_DASHBOARDS)
    try:
        return list_dashboards(url, timeout=_ALERTS_SECONDS) if url else ()
    except DevenvError:
        return ()


def _routes(observed: ObservedProject) -> tuple[Route, ...] | None:
    url = _endpoint(observed, *_TRAEFIK)
    try:
        return list_routes(url, timeout=_ALERTS_SECONDS) if url else None
    except DevenvError:
        return None


def _endpoint(observed: ObservedProject, stack: str, name: str) -> str:
    return next((link.url for link in observed.endpoints if (link.stack, link.name) == (stack, name)), "")


def _failure(stack: str, seen: _Seen) -> FailureView:
    diagnosis = seen.diagnosis
    cause = replace(diagnosis.cause, log=diagnosis.cause.log[-_LOG_LINES:])
    return FailureView(
        key=f"now-{stack}",
        title=stack,
        code=cause.code,
        message=f"{cause.subject}: {cause.message}",
        at=seen.since,
        hint=diagnosis.hint,
        facts=tuple(replace(diagnosis, cause=cause).context().items()),
        current=True,
    )
