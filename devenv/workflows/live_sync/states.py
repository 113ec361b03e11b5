"""What a `devenv dev` is about, and how it is, told as events: what its view shows."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from devenv.events import Emit, StateChanged, WatchMember, WatchStarted
from devenv.runtime.diagnosis import Scope
from devenv.runtime.environment import Environment
from devenv.runtime.observe.live_state import LiveState, live_state
from devenv.spec.render import ProjectFacts
from devenv.spec.tasks.task import Task
from devenv.spec.workspace import Workspace
from devenv.workflows.live_sync.triggers import Triggers
from devenv.workflows.run.links import endpoints

_GATHER_SECONDS = 0.3
"""For changes that come together: a rollout makes dozens."""
_LONGEST_SECONDS = 30.0


def watch_started(
    workspace: Workspace,
    facts: ProjectFacts,
    stacks: Sequence[str],
    *,
    users: Mapping[str, Collection[str]],
    tasks: Mapping[str, Task],
    triggers: Triggers,
) -> WatchStarted:
    """The stacks and the tasks of a loop.

    Args:
        workspace: the project.
        facts: of the project, where it is reached.
        stacks: in the order in which they are shown.
        users: each watched image with the stacks that use it.
        tasks: that go with the stacks.
        triggers: which of them wait until somebody asks for them.
    """
    members = []
    for name in stacks:
        images = tuple(image for image, using in users.items() if name in using)
        urls = tuple(link.url for link in endpoints(workspace, [name], facts))
        waits = bool(images) and triggers.manual.issuperset(images)
        members.append(WatchMember(name, "stack", images, waits, urls))
    for name, task in tasks.items():
        urls = (task.url,) if task.url else ()
        members.append(WatchMember(name, "task", (), name in triggers.manual_tasks, urls))
    return WatchStarted(workspace.project.project, tuple(members))


@contextmanager
def states_told(environment: Environment, stacks: Collection[str], emit: Emit) -> Iterator[None]:
    """While the body runs, tell the state of each stack, first as it is now; raises ApiUnreachableError."""
    releases = environment.cluster.releases()
    specs = [environment.workspace.stacks[name].spec for name in stacks]
    scopes = [Scope.of_stack(spec.name, spec.namespace, releases) for spec in specs]
    stopped = threading.Event()
    informer = environment.cluster.informer(stopped.is_set)

    def follow() -> None:
        told: dict[str, LiveState] = {}
        while not stopped.is_set():
            revision, snapshot = informer.revision, informer.snapshot()
            for scope in scopes:
                state = live_state(snapshot, scope)
                if told.get(scope.stack) != state:
                    told[scope.stack] = state
                    emit(StateChanged(scope.stack, state.state, state.reason, state.restarts))
            informer.wait(revision, _LONGEST_SECONDS, gather=_GATHER_SECONDS)

    thread = threading.Thread(target=follow, name="states", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        informer.wake()
        thread.join()
