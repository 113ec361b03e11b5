"""`devenv shell`: a shell, or another command, in the container of a service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.errors import ClusterError
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import reach
from devenv.workflows.services.choice import choose_workload
from devenv.workflows.tool_call import ToolCall

_SHELL = ("sh", "-c", 'exec "$(command -v bash || command -v sh)"')


@dataclass(frozen=True, slots=True)
class ShellRequest:
    """What the user asked for."""

    directory: Path
    stack: str
    command: tuple[str, ...] = ()
    """Without one, the image's bash or sh."""
    workload: str = ""
    container: str = ""
    on_terminal: bool = False


def shell_call(request: ShellRequest, session: Session) -> ToolCall:
    """What opens it, in place of this process, on its terminal and its input.

    Raises:
        UsageError: there is no such stack or workload, or it is not clear which is meant.
        ClusterError: it is not installed, or its image has no shell.
    """
    with reach(request.directory, session) as deployment:
        found = choose_workload(deployment, request.stack, request.workload)
        kubectl, target = deployment.toolbox.kubectl, f"{found.kind.lower()}/{found.name}"
        if not request.command:
            _require_shell(kubectl, found.namespace, target, request)
        container = ["--container", request.container] if request.container else []
        streams = ["--stdin", "--tty"] if request.on_terminal else ["--stdin"]
        call = kubectl.call("--namespace", found.namespace, "exec", *streams, target, *container)
        return ToolCall((*call, "--", *(request.command or _SHELL)))


def _require_shell(kubectl: Kubectl, namespace: str, target: str, request: ShellRequest) -> None:
    done = kubectl.exec(namespace, target, request.container or None, ["sh", "-c", ":"], check=False)
    if done.status and "executable file not found" in done.stderr:
        raise ClusterError(
            f"the image of {target} has no shell",
            hint=f"devenv shell {request.stack} -- PROGRAM, with one that it has",
        )
