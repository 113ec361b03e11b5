"""Which tasks of devenv.yaml have to run, and after what. Pure: from what they read now and had read before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from devenv.plan.plan import PlanNode
from devenv.plan.steps import RunTask, StartServing, ready_key, serve_key, task_key
from devenv.spec.needs import Needs, nearest, order
from devenv.spec.tasks.task import Task

Tasks = Mapping[str, Task]


@dataclass(frozen=True, slots=True)
class ObservedTask:
    """A task as it is, and as it was when it last ended well."""

    content: str
    """Hash of the command and of all that it reads."""
    recorded: str = ""
    """The same, when it last ended well; empty when it never did."""
    missing: bool = False
    """Something that it makes is gone."""
    ran: bool = False
    """This very command has run it."""


def wanted_tasks(tasks: Tasks, stacks: Collection[str], *, in_ci: bool) -> dict[str, Task]:
    """The tasks that go with some stacks, each after those that it needs.

    Those are left out that need another stack, or a task that is left out.
    """
    left: dict[str, Task] = {}
    needs = {name: [need for need in task.needs if need in tasks] for name, task in tasks.items()}
    for name in order(needs):
        task = tasks[name]
        there = all(need in left if need in tasks else need in stacks for need in task.needs)
        if there and (task.ci or not in_ci):
            left[name] = task
    return left


def without_serving(tasks: Tasks) -> dict[str, Task]:
    """Those that run to their end without what is served by another: all but those that `devenv dev` alone can run."""
    left: dict[str, Task] = {}
    for name, task in tasks.items():
        if task.run and all(need not in tasks or (need in left and not tasks[need].serve) for need in task.needs):
            left[name] = task
    return left


def leading(tasks: Tasks) -> frozenset[str]:
    """The tasks that need no stack, neither themselves nor by others; the tasks come each after those that it needs."""
    found: set[str] = set()
    for name, task in without_serving(tasks).items():
        if all(need in found for need in task.needs):
            found.add(name)
    return frozenset(found)


def reasons_to_run(tasks: Tasks, observed: Mapping[str, ObservedTask], asked: Collection[str] = ()) -> dict[str, str]:
    """Why each task runs; empty where it does not. `asked` are tasks that run whatever they read."""
    reasons: dict[str, str] = {}
    for name, task in tasks.items():
        if not task.run:
            reasons[name] = ""
            continue
        before = next((need for need in task.needs if reasons.get(need)), None)
        own = "asked for" if name in asked else _reason(task, observed[name])
        reasons[name] = own or (f"after {before}" if before else "")
    return reasons


def _reason(task: Task, seen: ObservedTask) -> str:
    reasons = {
        "new": not seen.recorded,
        "incomplete": seen.missing and not seen.ran,
        "changed": seen.content != seen.recorded,
        "has no deps": not task.deps and not task.outputs and not seen.ran,
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def task_nodes(
    tasks: Tasks,
    observed: Mapping[str, ObservedTask],
    needs: Needs,
    planned: Collection[str],
    *,
    only: Collection[str] | None = None,
    asked: Collection[str] = (),
) -> Iterator[PlanNode]:
    """The steps of the tasks that have to run.

    Args:
        tasks: each after those that it needs.
        observed: each of them.
        needs: all stacks with those that they need.
        planned: the stacks that steps of the same plan make ready.
        only: of these tasks alone.
        asked: tasks that run whatever they read.
    """
    first, reasons = leading(tasks), reasons_to_run(tasks, observed, asked)
    for name, task in tasks.items():
        if not reasons[name] or (only is not None and name not in only):
            continue
        stacks = nearest({**needs, name: [need for need in task.needs if need not in tasks]}, name, planned)
        before = _needed(tasks, task) | {ready_key(stack) for stack in stacks}
        step = RunTask(name, task, name in first, may_be_same=reasons[name].startswith("after "))
        yield PlanNode(step, before, reasons[name])


def serving_nodes(tasks: Tasks, names: Collection[str], why: str) -> Iterator[PlanNode]:
    """The steps that start what some tasks serve."""
    for name, task in tasks.items():
        if name in names and task.serve:
            yield PlanNode(StartServing(name, task), _needed(tasks, task) | {task_key(name)}, why)


def _needed(tasks: Tasks, task: Task) -> frozenset[str]:
    """The steps of the tasks that a task needs."""
    needed = [need for need in task.needs if need in tasks]
    return frozenset(serve_key(need) if tasks[need].serve else task_key(need) for need in needed)
