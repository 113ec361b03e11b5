"""Commands of this machine that a project names: run as the user wrote them, once somebody has agreed to them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from devenv.adapters import process
from devenv.errors import HostCommandError
from devenv.runtime.agreed_commands import not_agreed
from devenv.runtime.environment import Environment
from devenv.runtime.step_context import StepContext
from devenv.runtime.toolbox import Toolbox


def require_agreed(environment: Environment, shown: str) -> None:
    """See that the user has agreed to a command of this machine; raises HostCommandError."""
    if not_agreed(environment.state, [shown]):
        raise HostCommandError(f"nobody has agreed to a command on this machine: {shown}", hint="devenv up, which asks")


def run_on_host(
    argv: Sequence[str], context: StepContext, *, shown: str, folder: Path, seconds: float, env: Mapping[str, str]
) -> process.Completed:
    """Run a command of this machine to its end; its kubectl and Helm talk to the project's cluster.

    Raises:
        HostCommandError: nobody has agreed to it.
        CommandFailedError: it ended badly.
        CommandTimeoutError: it took longer than `seconds`.
        ToolMissingError: there is no such program.
    """
    require_agreed(context.environment, shown)
    return process.run(
        argv,
        cwd=folder,
        env={**host_variables(context.environment, context.run.toolbox), **env},
        timeout=seconds,
        cancel=context.cancel,
        on_line=context.output,
        what=f"run {shown}",
    )


def host_variables(environment: Environment, toolbox: Toolbox) -> dict[str, str]:
    """The project's kubeconfig, and PATH with the kubectl and Helm that devenv uses behind the user's own."""
    folders = [str(toolbox.programs[name].parent) for name in ("kubectl", "helm") if name in toolbox.programs]
    path = os.pathsep.join([os.environ.get("PATH", ""), *folders])
    return {"KUBECONFIG": str(environment.kubeconfig), "PATH": path}
