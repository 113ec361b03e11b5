"""The tasks that go with some stacks, as they are on this machine."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from devenv.plan.tasks import ObservedTask, leading, wanted_tasks
from devenv.runtime.environment import Environment
from devenv.runtime.tasks.inputs import TaskInputs
from devenv.runtime.tasks.records import recorded_content
from devenv.spec.tasks.task import Task

_NOT_CI = ("", "0", "false")


def tasks_of(environment: Environment, stacks: Collection[str], environ: Mapping[str, str]) -> dict[str, Task]:
    """The tasks that go with stacks, each after those that it needs."""
    in_ci = environ.get("CI", "").lower() not in _NOT_CI
    return wanted_tasks(environment.workspace.project.tasks, stacks, in_ci=in_ci)


def observe_tasks(
    environment: Environment, tasks: Mapping[str, Task], ran: Collection[str] = ()
) -> dict[str, ObservedTask]:
    """What the tasks read now, and what they had read when they ended well; `ran` are those of this very command.

    Raises:
        FolderError: what one reads cannot be read.
    """
    first = leading(tasks)
    return {
        name: observe_task(environment, name, leads=name in first, ran=name in ran)
        for name, task in tasks.items()
        if task.run
    }


def observe_task(environment: Environment, name: str, *, leads: bool, ran: bool = False) -> ObservedTask:
    """As `observe_tasks`, of one."""
    inputs = inputs_of(environment, name)
    content = inputs.content(environment.digests, place_of(environment, leads=leads))
    return ObservedTask(content, recorded_content(environment.state, name), inputs.missing, ran)


def inputs_of(environment: Environment, name: str) -> TaskInputs:
    """What a task reads, by the rules as they are now."""
    workspace = environment.workspace
    return TaskInputs(workspace.root, workspace.project.tasks[name], workspace.project.images)


def place_of(environment: Environment, *, leads: bool) -> str:
    """What a task works on: this checkout, and where it needs stacks, this very cluster."""
    nodes = [] if leads else sorted(container.id for container in environment.containers())
    return "\n".join([str(environment.workspace.root), *nodes])
