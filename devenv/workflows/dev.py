"""`devenv dev`: watch what images and tasks read; sync what was saved, or rebuild, load and roll it out, or run it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from devenv.adapters.host.limits import ENOUGH_INSTANCES, ENOUGH_WATCHES, raising
from devenv.errors import DevenvError, RunFailedError, UsageError
from devenv.events import Noted, RoundFinished, WatchStarted
from devenv.images.build.watched import WatchedContext
from devenv.plan.image import Mode, Recipe
from devenv.plan.parts import plan_round
from devenv.plan.plan import Plan
from devenv.plan.steps import LoadImage, ProvideImage
from devenv.runtime.observe.observe import observe
from devenv.runtime.observe.refresh import Baseline, observe_round
from devenv.runtime.observe.stack_inputs import images_of, is_licensed
from devenv.runtime.run.scheduler import RunReport
from devenv.spec.workspace import Workspace
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.project import load_project
from devenv.workflows.access.session import Session
from devenv.workflows.build import project_images
from devenv.workflows.databases.deployed import profile_that_is_up
from devenv.workflows.live_sync.image import SyncedImage
from devenv.workflows.live_sync.states import states_told, watch_started
from devenv.workflows.live_sync.syncer import Syncer
from devenv.workflows.live_sync.tasks import LoopTasks
from devenv.workflows.live_sync.triggers import Due, Triggers, Typed, triggered
from devenv.workflows.live_sync.watching import Saved, Watched, next_saved, watching
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform
from devenv.workflows.services.watched_logs import watched_logs
from devenv.workflows.up import UpRequest, UpResult, bring_up


@dataclass(frozen=True, slots=True)
class DevCommand:
    """What the user asked for."""

    directory: Path
    names: tuple[str, ...] = ()
    """Images of devenv.yaml; all that stacks of the project use when there are none."""
    assume_yes: bool = False
    profile: str | None = None
    images: Mode = "auto"
    settles_after: timedelta = timedelta(seconds=30)
    """For so long nothing is synced before the image follows."""
    logs: bool = True
    """Whether what the stacks write meanwhile is told too."""
    typed: Typed = lambda _: nullcontext()
    """Calls what it is given with each line that the user types, while its context lasts."""


def dev(command: DevCommand, session: Session) -> None:
    """Bring up what uses the images, then go round after round until the user stops it.

    Raises:
        SpecError: with every problem of the specification.
        UsageError: there is no such image, or no stack uses it.
        RunFailedError: the stacks could not be brought up before the first round.
        InterruptedRunError: the user stopped it in the middle of a round.
    """
    profile = command.profile or profile_that_is_up(command.directory, session)
    workspace = load_project(command.directory, session, profile=profile)
    users = _users(workspace, command.names)
    only = _stacks(workspace, users, command.names)
    tasks, built = workspace.project.tasks.values(), workspace.project.images.values()
    agreed = [*(task.host_commands for task in tasks), *(image.host_commands for image in built)]
    commands = tuple(found for each in agreed for found in each)
    request = UpRequest(
        command.directory, command.assume_yes, only=only, profile=profile, images=command.images, commands=commands
    )
    result = bring_up(request, session)
    stacks = only or result.stacks
    loop: _Loop | None = None
    try:
        with (
            result.state.servers,
            watched_logs(result.environment, stacks, session) if command.logs else nullcontext(),
        ):
            loop = _Loop(result, stacks, users, session, command)
            loop.run()
    except KeyboardInterrupt:
        if loop and (behind := ", ".join(loop.behind)):
            stays = f"what is synced stays, and the image of {behind} does not have it yet"
            session.emit(Noted(f"no longer watching; {stays}", hint="devenv up"))
        else:
            session.emit(Noted("no longer watching; what is rolled out stays"))


def _users(workspace: Workspace, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Each wanted image with the project's stacks that use it."""
    found: dict[str, tuple[str, ...]] = {}
    wanted = (
        project_images(workspace, names) if names or workspace.project.images or not workspace.project.tasks else ()
    )
    for name in wanted:
        stacks = [workspace.stacks[stack].spec for stack in workspace.selected]
        using = tuple(s.name for s in stacks if name in images_of(s, licensed=is_licensed(s, os.environ)).values())
        if using:
            found[name] = using
        elif name in names:
            raise UsageError(
                f"no stack of the project uses the image {name}",
                hint="name it under images in the stack.yaml that uses it, and that stack in devenv.yaml",
            )
    if not found and not workspace.project.tasks:
        raise UsageError("no stack of the project uses an image of devenv.yaml", hint="devenv validate")
    return found


def _stacks(workspace: Workspace, users: Mapping[str, tuple[str, ...]], names: Sequence[str]) -> tuple[str, ...]:
    """The stacks that the loop is about: those that use the images, and where none is named those that tasks need.

    None at all stands for every stack, as where tasks need none.
    """
    used = {name for stacks in users.values() for name in stacks}
    needed = set() if names else {need for task in workspace.project.tasks.values() for need in task.needs}
    return tuple(name for name in workspace.selected if name in used | needed)


class _Loop:
    """Rounds, one at a time; what is saved during one is the next one's."""

    def __init__(
        self,
        result: UpResult,
        stacks: Sequence[str],
        users: Mapping[str, tuple[str, ...]],
        session: Session,
        command: DevCommand,
    ) -> None:
        """What is up, the stacks that it is about, each image with those that use it, and what the user asked for."""
        self._environment = result.environment
        self._stacks = stacks
        self._users = users
        self._session = session
        self._typed = command.typed
        self._settles_after = command.settles_after.total_seconds()
        # What was observed before there was a cluster says nothing of it now.
        seen = observe(result.environment, result.stacks, command.images) if result.plan.nodes else result.observation
        self._state = result.state
        self._facts = seen.facts
        self._baseline = Baseline.of(seen)
        self._contexts = [WatchedContext(name, self._recipe(name)) for name in users]
        self._tasks = LoopTasks(result.environment, result.stacks, result.state, session, logs=command.logs)
        self._triggers = Triggers(result.environment.workspace, users, self._tasks.tasks, session.emit)
        self._syncer = Syncer([*self._synced_images()], users, result.environment, session)
        self._settled = 0.0
        # Rounds are measured from the save: what the first one would have to begin with is begun now.
        result.environment.cluster.informer()
        result.environment.engine.builds.prepare()

    @property
    def behind(self) -> tuple[str, ...]:
        """The images that lack what their containers were given."""
        return self._syncer.behind()

    def run(self) -> None:
        """Until KeyboardInterrupt, or an error of the watch itself."""
        environment, cancel = self._environment, self._session.cancel
        nodes = environment.node_names()
        watched = Watched(self._contexts, self._tasks.watched(), self._syncer.save, self._triggers.manual)
        with (
            self._syncer.following(nodes),
            watching(watched, self._report_polling) as changes,
            triggered(environment.state, changes, self._typed),
            self._state.loads.kept_waiting(environment.engine, nodes, cancel) as make_ready,
        ):
            # The first answer of the watch is that it has begun: what was saved until then would be missed.
            next_saved(changes)
            self._session.emit(self._watch_started())
            all_ = Saved(frozenset(self._users), frozenset(self._tasks.tasks), at=time.time())
            with states_told(environment, self._stacks, self._session.emit):
                self._round(Due(all_), begins=True)
                self._session.emit(Noted(f"watching {self._watched()}; Ctrl-C ends it"))
                while True:
                    make_ready()
                    self._round(self._triggers.due(next_saved(changes, self._follow_up)))

    def _watch_started(self) -> WatchStarted:
        workspace = self._environment.workspace
        tasks, triggers = self._tasks.tasks, self._triggers
        return watch_started(workspace, self._facts, self._stacks, users=self._users, tasks=tasks, triggers=triggers)

    def _watched(self) -> str:
        """What is watched, for people."""
        images = [f"{context.name} ({context.context})" for context in self._contexts]
        tasks = [f"task {name}" for name, task in self._tasks.tasks.items() if task.deps]
        return ", ".join([*images, *tasks]) or "nothing"

    def _follow_up(self) -> Saved | None:
        """What a round is to be made for when nobody has saved for a while what was synced."""
        synced = self._syncer.last_sync
        if synced <= self._settled or time.monotonic() - synced < self._settles_after:
            return None
        self._settled = synced
        if not (names := self._syncer.behind()):
            return None
        self._session.emit(Noted(f"the image of {', '.join(names)} follows what was synced"))
        return Saved(frozenset(names), at=time.time())

    def _synced_images(self) -> Iterator[SyncedImage]:
        for context in self._contexts:
            if rules := self._environment.workspace.project.images[context.name].sync:
                yield SyncedImage(context, self._recipe(context.name), rules, self._environment.digests)

    def _recipe(self, name: str) -> Recipe:
        recipe = self._environment.catalogue[name].origin
        if not isinstance(recipe, Recipe):
            raise TypeError(f"{name} is built from no recipe")
        return recipe

    def _report_polling(self, cause: str) -> None:
        hint = raising(instances=ENOUGH_INSTANCES, watches=ENOUGH_WATCHES)
        if "Permission denied" in cause:
            hint = "keep what you may not read, such as a container's data, outside of the folders that are watched"
        self._session.emit(Noted(f"files are looked at five times a second, not watched: {cause}", "warning", hint))

    def _round(self, due: Due, *, begins: bool = False) -> None:
        """Bring what was saved into the environment; failures are reported, and the next save helps.

        Args:
            due: images and tasks.
            begins: whether this is the first one, for whose answer that there is nothing to do nobody waits.
        """
        session, saved = self._session, due.saved
        names = tuple(name for name in self._users if name in saved.names)
        if not names and not saved.tasks:
            return
        began = time.monotonic()
        try:
            with exclusive(self._environment.engine, self._environment.names.project, session):
                ran = frozenset[str]() if begins else self._tasks.run_first(saved.tasks, due.asked)
                if names:
                    self._images_round(names, saved.at, asked=not begins)
                if begins:
                    self._tasks.begin()
                else:
                    self._tasks.run_rest(saved.tasks, ran, due.asked)
        except RunFailedError:
            # Each failure has been reported by its own event.
            if self._syncer.last_sync > began:
                session.emit(Noted("something was saved and synced meanwhile; the image follows after the next pause"))
        except DevenvError as error:
            if session.cancel.is_set():  # by the user, or because the lock was lost
                raise
            session.emit(Noted(error.message, "warning", error.hint))

    def _images_round(self, names: Sequence[str], saved: float, *, asked: bool) -> None:
        """Bring the present sources of some images into the cluster.

        Args:
            names: the images.
            saved: when their sources were saved, in seconds since 1970.
            asked: whether somebody waits for an answer, even for one that there is nothing to do.
        """
        began, late = time.monotonic(), max(0.0, time.time() - saved)
        stacks = tuple(
            name for name in self._environment.workspace.selected if any(name in self._users[image] for image in names)
        )
        with self._syncer.round(names) as rolled_out:
            plan = self._plan(names, stacks)
            if plan.nodes:
                self._run(plan, names, stacks, began, late)
            rolled_out(self._baseline.references)
            if not plan.nodes and asked:
                self._session.emit(Noted(f"{', '.join(names)}: what was saved runs already"))

    def _plan(self, names: Sequence[str], stacks: Sequence[str]) -> Plan:
        state = self._state
        seen = observe_round(self._environment, state.toolbox, self._baseline, names, stacks, given_up=state.given_up)
        references = seen.wanted.references
        self._baseline = replace(self._baseline, references=references)
        return plan_round(seen.wanted, seen.observed, seen.swappable, [references[name] for name in names])

    def _run(self, plan: Plan, names: Sequence[str], stacks: Sequence[str], began: float, late: float) -> None:
        session = self._session

        def ended(report: RunReport) -> None:
            if not session.cancel.is_set():
                seconds = late + time.monotonic() - began
                session.emit(_round_finished(plan, report, names, stacks, seconds))

        def replan() -> Plan:
            nonlocal plan
            plan = self._plan(names, stacks)
            return plan

        # Who saves waits for the answer, and the first round was preceded by `up`, which looked for room.
        perform(
            plan,
            self._environment,
            self._state,
            session,
            RunInfo(began),
            again="devenv dev",
            checks_room=False,
            ended=ended,
            replan=replan,
        )
        self._baseline = self._baseline.after(plan, names)


def _round_finished(
    plan: Plan, report: RunReport, names: Sequence[str], stacks: Sequence[str], seconds: float
) -> RoundFinished:
    """How long a round took, and what of it."""
    build = _end(plan, report, ProvideImage)
    load = max(0.0, _end(plan, report, LoadImage) - build)
    return RoundFinished(
        images=tuple(names),
        stacks=tuple(stacks),
        succeeded=not report.failures,
        seconds=seconds,
        build=build,
        load=load,
        rollout=max(0.0, report.seconds - build - load),
    )


def _end(plan: Plan, report: RunReport, kind: type[ProvideImage | LoadImage]) -> float:
    """When the last step of a kind ended, in seconds since the round began; 0 when there was none."""
    results = [report.results[node.key] for node in plan.nodes if isinstance(node.step, kind)]
    return max((r.started + r.seconds for r in results if r.started is not None), default=0.0)
