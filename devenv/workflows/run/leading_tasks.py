"""The tasks that come before all else, for the commands that make images without bringing anything up."""

from __future__ import annotations

import os
from dataclasses import replace

from devenv.plan.parts import plan_leading_tasks
from devenv.plan.tasks import leading
from devenv.runtime.environment import Environment
from devenv.runtime.run_state import RunState
from devenv.runtime.tasks.observe import observe_tasks, tasks_of
from devenv.runtime.toolbox import Toolbox
from devenv.workflows.access.consent import agree_to_commands
from devenv.workflows.access.project import load_project
from devenv.workflows.access.session import Session
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform


def run_leading_tasks(
    environment: Environment,
    session: Session,
    began: float,
    *,
    assume_yes: bool,
    again: str,
    profile: str | None = None,
) -> Environment:
    """Run those that have to run, as `devenv up` does; the environment of the project as it is after them.

    `began` is the command's start on the monotonic clock.

    Raises:
        HostCommandError: nobody has agreed to one's command.
        SpecError: what they have made is no project.
        RunFailedError: some failed; each was reported as an event.
        InterruptedRunError: the user stopped the run.
    """
    tasks = tasks_of(environment, (), os.environ)
    first = {name: tasks[name] for name in tasks if name in leading(tasks)}
    plan = plan_leading_tasks(environment.names, first, observe_tasks(environment, first))
    if not plan.nodes:
        return environment
    agree_to_commands(environment, plan.host_commands, session, assume_yes=assume_yes, again=again)
    state = RunState(Toolbox.locate(environment.kubeconfig, environment.workspace.versions.tools))
    info = RunInfo(began, session.open_log(environment.state / "logs"))
    perform(plan, environment, state, session, info, again=again, checks_room=False)
    # What they have written may be anything of the project.
    return replace(environment, workspace=load_project(environment.workspace.root, session, profile=profile))
