"""`devenv start`: a stopped environment comes back as it was; nothing is compared, built or installed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from devenv.plan.cluster_state import ClusterState
from devenv.plan.parts import plan_awaiting, plan_start
from devenv.runtime.environment import Environment
from devenv.runtime.host.ports import http_ports
from devenv.runtime.observe.cluster import ClusterFacts, ask_cluster, observe_cluster
from devenv.runtime.ownership.marks import look
from devenv.runtime.run_state import RunState
from devenv.runtime.toolbox import Toolbox
from devenv.workflows.access.claim import require_own_folder
from devenv.workflows.access.connect import connect
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.project import load_project
from devenv.workflows.access.running import not_running
from devenv.workflows.access.session import Session
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform
from devenv.workflows.run.links import pairs, reached

_ASLEEP = (ClusterState.STOPPED, ClusterState.UNREACHABLE)
_AGAIN = "devenv start"


@dataclass(frozen=True, slots=True)
class StartRequest:
    """What the user asked for."""

    directory: Path
    assume_yes: bool = False
    """Also to the start of an engine that does not run, as after a reboot."""


def start(request: StartRequest, session: Session) -> None:
    """Start a project's cluster and wait until every stack that was installed is ready, as far as it is not yet.

    Raises:
        SpecError: with every problem of the specification.
        EngineUnavailableError: no engine answers and none may be started.
        ClusterError: there is no cluster to start, or it is another folder's.
        RunFailedError: a stack did not become ready; each was reported as an event.
        LockedError: another run changes the project, and this one is not to wait.
    """
    began = time.monotonic()
    workspace = load_project(request.directory, session)
    environment = connect(workspace, session, agreed=request.assume_yes)
    with exclusive(environment.engine, workspace.project.project, session):
        facts = _observe(environment)
        info = RunInfo(began, session.open_log(environment.state / "logs"))
        state = RunState(Toolbox.locate(environment.kubeconfig, workspace.versions.tools))
        restarted = facts.state in _ASLEEP
        if restarted:
            plan = plan_start(environment.names, facts.state)
            perform(plan, environment, state, session, info, again=_AGAIN, checks_room=False)
            facts = _observe(environment)
        if facts.state is not ClusterState.RUNNING:
            raise not_running(environment.names, facts.state, facts.reason)
        _await(environment, facts, state, session, info, restarted=restarted)


def _observe(environment: Environment) -> ClusterFacts:
    """What there is of the cluster, and what is recorded in it; raises ClusterError where it can only be made anew."""
    kind_cluster = look(environment.engine, environment.names)
    require_own_folder(kind_cluster, environment.owner)
    facts = observe_cluster(
        kind_cluster,
        environment.kubeconfig,
        export=environment.export_kubeconfig,
        ask=partial(ask_cluster, compare=False),
    )
    if facts.state in (ClusterState.ABSENT, ClusterState.FOREIGN, ClusterState.BROKEN):
        raise not_running(environment.names, facts.state, facts.reason)
    return facts


def _await(
    environment: Environment,
    facts: ClusterFacts,
    state: RunState,
    session: Session,
    info: RunInfo,
    *,
    restarted: bool,
) -> None:
    """Wait for the stacks; for all of them where the cluster was started just now, since each has checks of its own."""
    workspace = environment.workspace
    installed = [name for name in workspace.selected if name in facts.records]
    awaited = [name for name in installed if restarted or facts.unready(name)]
    others = [name for name in installed if name not in awaited]
    why = "restarted" if restarted else "not ready"
    plan = plan_awaiting(environment.names, [workspace.stacks[name] for name in awaited], others, why)
    found = reached(workspace, installed, http_ports(environment.containers()))
    told = RunInfo(info.began, info.log, pairs(found))
    perform(plan, environment, state, session, told, again=_AGAIN, checks_room=False)
