"""The tasks of `devenv dev`: what they read is watched, and what they serve runs as long as the loop does.

Responsible for which of them a round is about. How one runs is the concern of `devenv.runtime.tasks`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from devenv.errors import CommandFailedError
from devenv.events import Logged, Noted, StateChanged
from devenv.logs.lines import fields_of, level_of, plain
from devenv.plan.plan import Plan, PlanNode
from devenv.plan.steps import RunTask
from devenv.plan.tasks import leading, serving_nodes, task_nodes, without_serving
from devenv.runtime.environment import Environment
from devenv.runtime.run_state import RunState
from devenv.runtime.tasks.observe import inputs_of, observe_tasks, tasks_of
from devenv.runtime.tasks.states import TaskState, note_state
from devenv.spec.tasks.task import Task
from devenv.workflows.access.session import Session
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform


class WatchedTask:
    """One task's deps."""

    def __init__(self, name: str, environment: Environment) -> None:
        self.name = name
        self._inputs = inputs_of(environment, name)
        self.folders = self._inputs.folders
        self.files = self._inputs.files

    def concerns(self, path: Path) -> bool:
        """Whether the task reads this file or folder."""
        return self._inputs.concerns(path)


class LoopTasks:
    """The tasks that go with the stacks of a loop."""

    def __init__(
        self, environment: Environment, stacks: Collection[str], state: RunState, session: Session, *, logs: bool
    ) -> None:
        """With `logs`, what they write while they serve is told."""
        self._environment, self._state, self._session = environment, state, session
        self.tasks: Mapping[str, Task] = tasks_of(environment, stacks, os.environ)
        self._first = leading(self.tasks)
        state.servers.on_end = self._tell_end
        if logs:
            state.servers.on_line = self._tell_line

    def watched(self) -> list[WatchedTask]:
        """Those whose deps are watched, by what there is now."""
        return [WatchedTask(name, self._environment) for name, task in self.tasks.items() if task.deps]

    def begin(self) -> None:
        """Start what tasks serve, and run those that need it; `up` has run the others."""
        late = self.tasks.keys() - without_serving(self.tasks).keys()
        serving = {name for name, task in self.tasks.items() if task.serve}
        self._perform([*self._to_run(late), *serving_nodes(self.tasks, serving, "new")])

    def run_first(self, names: Collection[str], asked: Collection[str] = ()) -> frozenset[str]:
        """Run those of some tasks that come before images and stacks, with those that need them; which have run.

        `asked` are those that run whatever they read.
        """
        nodes = self._to_run(self._with_dependents(names, asked) & self._first, asked)
        self._perform(nodes)
        return _names(nodes)

    def run_rest(self, names: Collection[str], ran: Collection[str], asked: Collection[str] = ()) -> None:
        """Run the others, and start anew what these serve, and those that `ran` first."""
        nodes = self._to_run(self._with_dependents(names, asked) - self._first, asked)
        serving = {*names, *ran, *_names(nodes)}
        self._perform([*nodes, *serving_nodes(self.tasks, serving, "changed")])

    def _with_dependents(self, names: Collection[str], asked: Collection[str]) -> set[str]:
        """Tasks, and those that need them and do not wait until they are asked for."""
        found = set(names)
        for name, task in self.tasks.items():
            if not found.isdisjoint(task.needs) and (task.dev == "auto" or name in asked):
                found.add(name)
        return found

    def _to_run(self, names: Collection[str], asked: Collection[str] = ()) -> list[PlanNode]:
        """The steps of those that have to run, as `up` would have it."""
        seen = observe_tasks(self._environment, self.tasks, self._state.ran_tasks)
        return [*task_nodes(self.tasks, seen, {}, (), only=names, asked=asked)]

    def _perform(self, nodes: Iterable[PlanNode]) -> None:
        plan = Plan.of(self._environment.names.project, self._environment.names.cluster, nodes)
        if plan.nodes:
            info = RunInfo(time.monotonic())
            perform(plan, self._environment, self._state, self._session, info, again="devenv dev", checks_room=False)

    def _tell_line(self, task: str, line: str) -> None:
        text = plain(line)
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._session.emit(Logged(now, "", "", task, task, level_of(text, fields_of(text)), text))

    def _tell_end(self, task: str, error: CommandFailedError) -> None:
        note_state(self._environment.state, task, "serve", TaskState.ENDED)
        self._session.emit(StateChanged(task, "ended", error.message))
        hint = "it starts again when what it reads is saved, and with the next: devenv dev"
        self._session.emit(Noted(error.message, "warning", hint))


def _names(nodes: Iterable[PlanNode]) -> frozenset[str]:
    return frozenset(node.step.task for node in nodes if isinstance(node.step, RunTask))
