"""`devenv up`: load, reach an engine, observe, plan, execute, report."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from devenv.errors import DataLossError
from devenv.events import Noted
from devenv.plan.graph import Selection, select
from devenv.plan.image import Mode
from devenv.plan.kind_config import node_roles
from devenv.plan.observed import ClusterState
from devenv.plan.plan import Plan
from devenv.plan.planner import make_plan
from devenv.runtime.environment import Environment
from devenv.runtime.host.fitness import refuse_unfit
from devenv.runtime.host.ports import other_ports
from devenv.runtime.observe.observe import Observation, observe
from devenv.runtime.ownership.engines import record_engine
from devenv.spec.checks.migration_files import require_sound_migrations
from devenv.spec.load import load_workspace
from devenv.workflows.access.claim import claim, tell_other_folder
from devenv.workflows.access.connect import connect
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.session import Session
from devenv.workflows.run.conclusion import Tail
from devenv.workflows.run.execution import perform
from devenv.workflows.run.links import links


@dataclass(frozen=True, slots=True)
class UpRequest:
    """What the user asked for."""

    directory: Path
    assume_yes: bool = False
    plan_only: bool = False
    verify: bool = False
    """Whether what others have changed in the cluster is put right, and not only what is gone."""
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    profile: str | None = None
    images: Mode = "auto"
    renewed: tuple[str, ...] = ()
    """Stacks whose databases are reset once their new migrations and seeds have made a pristine state."""
    adopt: bool = False
    """Take over a cluster of the project's name that is another folder's."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An environment that is up, and what was seen and done on the way."""

    environment: Environment
    selection: Selection
    observation: Observation
    """Made before the plan was run."""
    plan: Plan


def up(request: UpRequest, session: Session) -> Plan:
    """Bring the environment to what the specification says; returns the plan that was run, or would be.

    Raises:
        SpecError: with every problem of the specification.
        DataLossError: the plan takes a loss that nobody agreed to.
        EngineUnavailableError: no engine answers and none may be installed.
        UnfitEngineError: there is no cluster yet, and one cannot work in this engine.
        OtherFolderError: the cluster is another folder's, and nobody agreed to take it over.
        RunFailedError: steps failed; each was told as an event.
        InterruptedRunError: the user stopped the run.
        LockedError: another run changes the project, and this one is not to wait.
    """
    return bring_up(request, session).plan


def bring_up(request: UpRequest, session: Session) -> Raised:
    """As `up`; returns what a command that goes on from there needs."""
    began = time.monotonic()
    workspace = load_workspace(request.directory, data_root=session.data_root, profile=request.profile)
    selection = select(workspace, only=request.only, skip=request.skip, layers=request.layers)
    require_sound_migrations(workspace.stacks[name] for name in selection.stacks)
    environment = connect(workspace, session, agreed=request.assume_yes)
    if not environment.containers():
        refuse_unfit(environment.engine)
    if request.plan_only:
        raised = _planned(environment, selection, request, session)
        tell_other_folder(raised.observation.holding, environment.owner, session)
        return raised
    with exclusive(environment.engine, workspace.project.project, session):
        raised = _planned(environment, selection, request, session)
        taken_over = claim(environment, raised.observation, session, adopt=request.adopt)
        record_engine(environment.state, environment.engine)
        log = session.open_log(environment.state / "logs")
        if raised.plan.starts_cluster:
            perform(raised.plan, environment, session, Tail(began, log))
            raised = _planned(environment, selection, request, session)
            claim(environment, raised.observation, session, adopt=request.adopt or taken_over)
        _agree(raised.plan, request, session)
        _note_profile(raised)
        addresses = links(workspace, selection.stacks, raised.observation.facts)
        perform(raised.plan, environment, session, Tail(began, log, addresses))
    return raised


def _agree(plan: Plan, request: UpRequest, session: Session) -> None:
    """See that what the plan would lose of the user's may be lost; raises DataLossError."""
    if not plan.losses or request.assume_yes:
        return
    named = "; ".join(plan.losses)
    if not session.confirm(f"This would be lost: {named}. Go on?"):
        raise DataLossError(
            f"nothing was changed: to lose {named} takes your consent",
            context={"cause": "; ".join(f"{s.title}: {s.reason}" for s in plan.as_event().steps if s.loses)},
            hint="devenv up --plan shows it; take the change back, or agree: devenv up --yes",
        )


def _note_profile(raised: Raised) -> None:
    """Record the profile, for the commands that keep to it; a new cluster's is by its creation."""
    profile, facts = raised.environment.workspace.project.profile, raised.observation.cluster
    if facts.state is ClusterState.RUNNING and facts.profile != profile:
        raised.environment.cluster.note_profile(profile)


def _planned(environment: Environment, selection: Selection, request: UpRequest, session: Session) -> Raised:
    observation = observe(environment, selection, request.images, verify=request.verify, renewed=request.renewed)
    facts = observation.cluster
    others = [facts.other_nodes(node_roles(observation.wanted.kind_config))]
    if facts.state is ClusterState.RUNNING:
        others.append(other_ports(environment.workspace.project.cluster.ports, observation.facts))
    for differing in filter(None, others):
        session.emit(Noted(differing, "warning", "to make it anew, without its data: devenv down, then: devenv up"))
    profile = environment.workspace.project.profile
    if facts.profile not in {"", profile}:
        stay = f"to stay with the other: devenv up --profile {facts.profile}"
        session.emit(Noted(f"the profile changes from {facts.profile} to {profile}", hint=stay))
    for name in selection.stacks:
        if reason := facts.incomplete(name) or (facts.drifted(name) if request.verify else ""):
            session.emit(Noted(f"{name}: {reason}"))
    return Raised(environment, selection, observation, make_plan(observation.wanted, observation.observed))
