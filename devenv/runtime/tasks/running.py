"""The steps of tasks: one runs to its end, the other starts what a loop keeps running."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devenv.errors import CommandFailedError, CommandTimeoutError, DevenvError, TaskError, ToolMissingError
from devenv.plan.steps import RunTask, StartServing
from devenv.runtime.host_commands import host_variables, require_agreed, run_on_host
from devenv.runtime.step_context import StepContext
from devenv.runtime.tasks.observe import inputs_of, observe_task
from devenv.runtime.tasks.records import forget, record_content
from devenv.runtime.tasks.states import Part, TaskState, note_state
from devenv.spec.tasks.host_command import argv_of


def run_task(step: RunTask, context: StepContext) -> str:
    """Run a task, and remember what it was made of.

    Raises:
        TaskError: it failed.
        HostCommandError: nobody has agreed to its command.
    """
    environment = context.environment
    seen = observe_task(environment, step.task, leads=step.leads)
    if step.may_be_same and seen.content == seen.recorded and not seen.missing:
        return "unchanged"
    forget(environment.state, step.task)
    with _told(environment.state, step.task, "run", TaskState.RUNNING, TaskState.DONE):
        lines = _run(step, context)
    record_content(environment.state, step.task, seen.content)
    context.run.ran_tasks.add(step.task)
    return f"{lines} line{'' if lines == 1 else 's'}"


def _run(step: RunTask, context: StepContext) -> int:
    """Run its command to its end; how many lines it wrote."""
    environment, task = context.environment, step.spec
    try:
        done = run_on_host(
            argv_of(task.run),
            context,
            shown=task.shown,
            folder=environment.workspace.root / task.dir,
            seconds=task.deadline.total_seconds(),
            env=task.env,
        )
    except (CommandFailedError, CommandTimeoutError, ToolMissingError) as error:
        raise _failed(step, error) from error
    if inputs_of(environment, step.task).missing:
        missing = ", ".join(step.spec.outputs)
        raise TaskError(f"task {step.task} ended well, and has not made what it says it makes: {missing}")
    return len(done.stdout.splitlines()) + len(done.stderr.splitlines())


def start_serving(step: StartServing, context: StepContext) -> str:
    """Start what a task serves, and wait until it is ready.

    Raises:
        TaskError: it ended, or was not ready in time.
        HostCommandError: nobody has agreed to its command.
    """
    environment, task = context.environment, step.spec
    for command in task.host_commands:
        require_agreed(environment, command)
    with _told(environment.state, step.task, "serve", TaskState.STARTING, TaskState.SERVING):
        context.run.servers.start(
            step.task,
            task,
            folder=environment.workspace.root / task.dir,
            env=host_variables(environment, context.run.toolbox),
            cancel=context.cancel,
        )
    return task.url


@contextmanager
def _told(state: Path, task: str, part: Part, begun: TaskState, well: TaskState) -> Iterator[None]:
    """Have it told from outside how far the body is, and how it ended."""
    note_state(state, task, part, begun)
    end = TaskState.STOPPED
    try:
        yield
        end = well
    except TaskError:
        end = TaskState.FAILED
        raise
    finally:
        note_state(state, task, part, end)


def _failed(step: RunTask, error: DevenvError) -> TaskError:
    hint = error.hint or "the whole output is in the log; run it yourself, and then: devenv up"
    cause = error.message.removeprefix(f"run {step.spec.shown} failed: ")
    return TaskError(f"task {step.task} failed: {cause}", context=error.context, hint=hint)
