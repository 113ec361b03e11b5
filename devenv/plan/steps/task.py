"""Steps that run commands of this machine which belong to the project itself."""

from __future__ import annotations

from dataclasses import dataclass

from devenv.plan.steps.step import PlanStep
from devenv.spec.tasks.task import Task


def task_key(task: str) -> str:
    """Of the step that runs a task."""
    return f"task/{task}"


def serve_key(task: str) -> str:
    """Of the step that starts what a task serves."""
    return f"serve/{task}"


@dataclass(frozen=True, slots=True)
class RunTask(PlanStep):
    """Run a task of devenv.yaml to its end."""

    TITLE = "Run task {self.task}"
    GROUP = "tasks"

    task: str
    spec: Task
    leads: bool = False
    """Neither it nor a task that it needs needs a stack: it runs before images and stacks are looked at, which may be
    made of what it writes."""
    may_be_same: bool = False
    """It is planned because a task runs that it needs: where that has changed nothing for it, it does not run."""

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return task_key(self.task)


@dataclass(frozen=True, slots=True)
class StartServing(PlanStep):
    """Start what a task serves, in place of what it served before, and wait until it is ready."""

    TITLE = "Start {self.task}"
    GROUP = "tasks"

    task: str
    spec: Task

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return serve_key(self.task)
