"""`devenv up`: load, reach an engine, observe, plan, execute, report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.events import Noted
from devenv.plan.cluster_state import ClusterState
from devenv.plan.graph import choose
from devenv.plan.image import Mode
from devenv.plan.plan import Plan
from devenv.plan.planner import make_plan
from devenv.runtime.environment import Environment
from devenv.runtime.host.fitness import refuse_unfit
from devenv.runtime.host.ports import other_ports
from devenv.runtime.observe.left_stacks import left_stacks, no_longer_named
from devenv.runtime.observe.observe import Observation, observe
from devenv.runtime.observe.rendered_contents import Renderers, require_sound_rendering
from devenv.runtime.ownership.engines import record_engine
from devenv.runtime.run_state import RunState
from devenv.runtime.toolbox import Toolbox
from devenv.spec.checks.stack_contents import require_sound_contents
from devenv.spec.imports.note import lines_of
from devenv.spec.lock import pinning_nothing
from devenv.spec.workspace import LOCK_FILE, Workspace
from devenv.workflows.access.claim import claim, report_other_folder
from devenv.workflows.access.connect import connect, environment_on
from devenv.workflows.access.consent import agree_to_commands, agree_to_losses
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.project import load_project
from devenv.workflows.access.session import Session
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform, report_substitutions
from devenv.workflows.run.links import endpoints, pairs
from devenv.workflows.run.origins import origins


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
    """Stacks and tasks that are left out."""
    layers: tuple[str, ...] = ()
    profile: str | None = None
    images: Mode = "auto"
    renewed: tuple[str, ...] = ()
    """Stacks whose databases are reset once their new migrations and seeds have made a pristine state."""
    commands: tuple[str, ...] = ()
    """Of this machine, which are to be agreed to beside those of the plan."""
    adopt: bool = False
    """Take over a cluster of the project's name that is another folder's."""


@dataclass(frozen=True, slots=True)
class UpResult:
    """An environment that is up, and what was seen and done on the way."""

    environment: Environment
    stacks: tuple[str, ...]
    observation: Observation
    """Made before the plan was run."""
    plan: Plan
    state: RunState
    """What the runs have learned."""


def up(request: UpRequest, session: Session) -> Plan:
    """Bring the environment to what the specification says; returns the plan that was run, or would be.

    Raises:
        SpecError: with every problem of the specification.
        DataLossError: the plan takes a loss that nobody agreed to.
        EngineUnavailableError: no engine answers and none may be installed.
        UnfitEngineError: there is no cluster yet, and one cannot work in this engine.
        OtherFolderError: the cluster is another folder's, and nobody agreed to take it over.
        RunFailedError: steps failed; each was reported as an event.
        InterruptedRunError: the user stopped the run.
        LockedError: another run changes the project, and this one is not to wait.
    """
    return bring_up(request, session).plan


def bring_up(request: UpRequest, session: Session) -> UpResult:
    """As `up`; returns what a command that goes on from there needs."""
    began = time.monotonic()
    workspace = load_project(request.directory, session, profile=request.profile)
    workspace, stacks = choose(workspace, only=request.only, skip=request.skip, layers=request.layers)
    require_sound_contents(workspace.stacks[name] for name in stacks)
    environment = connect(workspace, session, agreed=request.assume_yes)
    tell_ahead = _look_ahead(environment) if not environment.containers() else None
    state = RunState(Toolbox(environment.kubeconfig))
    if request.plan_only:
        result = _planned(environment, stacks, state, request, session)
        if tell_ahead:
            tell_ahead(session)
        report_other_folder(result.observation.kind_cluster, environment.owner, session)
        return result
    with exclusive(environment.engine, workspace.project.project, session):
        result, adopted = _claimed(environment, stacks, state, request, session)
        if tell_ahead:
            tell_ahead(session)
        record_engine(environment.state, environment.engine)
        log = session.open_log(environment.state / "logs")
        if result.plan.starts_cluster:
            perform(result.plan, environment, state, session, RunInfo(began, log))
            result, _ = _claimed(environment, stacks, state, replace(request, adopt=adopted), session)
        _agree(result.plan, request, session)
        commands = (*result.plan.host_commands, *request.commands)
        agree_to_commands(environment, commands, session, assume_yes=request.assume_yes)
        _note_profile(result)
        result = _after_tasks(result, request, session, RunInfo(began, log))
        info = RunInfo(began, log, pairs(endpoints(result.environment.workspace, stacks, result.observation.facts)))

        def replan() -> Plan:
            nonlocal result
            result = _replanned(result.environment, stacks, state, request, session)
            return result.plan

        perform(result.plan, result.environment, state, session, info, replan=replan)
    return result


def _look_ahead(environment: Environment) -> Callable[[Session], None]:
    """See that a cluster can work here, and begin to look for what it may run into; what is returned tells that.

    Raises:
        UnfitEngineError: one cannot work in this engine.
    """
    refuse_unfit(environment.engine)
    # These checks take long to load, and a cluster that is there has no need of them.
    from devenv.workflows.doctor import look_ahead  # noqa: PLC0415

    return look_ahead(environment)


def _claimed(
    environment: Environment, stacks: tuple[str, ...], state: RunState, request: UpRequest, session: Session
) -> tuple[UpResult, bool]:
    """The plan for a cluster that is this folder's now, and whether the user has agreed to take it over."""
    result = _planned(environment, stacks, state, request, session)
    return result, claim(environment, result.observation, session, adopt=request.adopt) or request.adopt


def _replanned(
    environment: Environment, stacks: tuple[str, ...], state: RunState, request: UpRequest, session: Session
) -> UpResult:
    """The plan once more, in the middle of a command: what is new in it is asked for too."""
    result = _planned(environment, stacks, state, request, session)
    _agree(result.plan, request, session)
    agree_to_commands(environment, result.plan.host_commands, session, assume_yes=request.assume_yes)
    return result


def _after_tasks(result: UpResult, request: UpRequest, session: Session, info: RunInfo) -> UpResult:
    """Run the tasks that come before all else, and plan the rest of what they have made, which may be anything."""
    first = result.plan.leading_tasks
    if not first.nodes:
        return result
    perform(first, result.environment, result.state, session, info, checks_room=False)
    workspace = load_project(request.directory, session, profile=request.profile)
    workspace, _ = choose(workspace, only=request.only, skip=request.skip, layers=request.layers)
    require_sound_contents(workspace.stacks[name] for name in result.stacks)
    environment = environment_on(result.environment.engine, workspace, session)
    return _replanned(environment, result.stacks, result.state, request, session)


def _agree(plan: Plan, request: UpRequest, session: Session) -> None:
    """See that what the plan would lose of the user's may be lost; raises DataLossError."""
    hint = "devenv up --plan shows it; take the change back, or agree: devenv up --yes"
    agree_to_losses(plan, session, assume_yes=request.assume_yes, hint=hint)


def _note_profile(result: UpResult) -> None:
    """Record the profile, for the commands that keep to it; a new cluster's is by its creation."""
    profile, facts = result.environment.workspace.project.profile, result.observation.cluster
    if facts.state is ClusterState.RUNNING and facts.profile != profile:
        result.environment.cluster.note_profile(profile)


def _planned(
    environment: Environment, stacks: tuple[str, ...], state: RunState, request: UpRequest, session: Session
) -> UpResult:
    seen = observe(
        environment,
        stacks,
        request.images,
        verify=request.verify,
        renewed=request.renewed,
        claims=state.claims,
        given_up=state.given_up,
        ran_tasks=state.ran_tasks,
    )
    require_sound_rendering(environment.workspace, seen.wanted.stacks, Renderers.of(seen.toolbox))
    plan = make_plan(seen.wanted, seen.observed)
    for note in (*_imports(environment), *_pins(environment), *_notes(seen, environment.workspace, stacks, request)):
        if state.is_first_warning(note.message):
            session.emit(note)
    report_substitutions(plan, seen.observed.images, state, session, command="devenv up")
    state.find(seen.toolbox)
    return UpResult(environment, stacks, seen, plan, state)


def _imports(environment: Environment) -> Iterator[Noted]:
    """What imported files say and is not carried over, and which stacks others keep."""
    workspace = environment.workspace
    yield from (Noted(note) for note in lines_of(workspace.notes, workspace.root))
    yield from (Noted(origin) for origin in origins(workspace))


def _pins(environment: Environment) -> Iterator[Noted]:
    """What is pinned in vain: an image under another reference is pinned by nothing."""
    workspace = environment.workspace
    if unknown := pinning_nothing(workspace.versions, workspace.lock):
        yield Noted(f"{LOCK_FILE} pins what no image is known by: {', '.join(unknown)}", "warning", "devenv lock")


def _notes(seen: Observation, workspace: Workspace, stacks: tuple[str, ...], request: UpRequest) -> Iterator[Noted]:
    """What of the present state the user would not expect."""
    cluster, profile = seen.cluster, seen.facts.profile
    others = [cluster.other_nodes(seen.wanted.kind_config.roles)]
    if cluster.state is ClusterState.RUNNING:
        others.append(other_ports(workspace.project.cluster.ports, seen.facts))
    for differing in filter(None, others):
        yield Noted(differing, "warning", "to make it anew, without its data: devenv down, then: devenv up")
    if cluster.profile not in {"", profile}:
        stay = f"to stay with the other: devenv up --profile {cluster.profile}"
        yield Noted(f"the profile changes from {cluster.profile} to {profile}", hint=stay)
    if left := left_stacks(cluster, workspace.selected):
        yield Noted(no_longer_named(left), "warning", "devenv prune")
    for name in stacks:
        if reason := cluster.incomplete(name) or (cluster.drifted(name) if request.verify else ""):
            yield Noted(f"{name}: {reason}")
