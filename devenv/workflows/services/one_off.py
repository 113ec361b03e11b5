"""`devenv run`: a command in a pod of its own, with a service's image, variables and mounts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.adapters.kubernetes.objects import container_statuses
from devenv.adapters.kubernetes.surroundings import create_all, read_surroundings
from devenv.adapters.process import run_in_foreground
from devenv.errors import ClusterError
from devenv.runtime.borrowing.record import as_applied
from devenv.runtime.service_copies.one_off import OneOff, one_off
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import reach
from devenv.workflows.services.beside import Awaited, await_pod, identity_beside, swept, take_away
from devenv.workflows.services.choice import choose_workload

_BEGIN_SECONDS = 300.0
"""Init containers may migrate a database first."""
_NOT_STARTED = "StartError"
"""What the kubelet says where a container's program cannot be run: a wrong name, mostly."""
_END_SECONDS = 10.0
"""Until the API server knows of an end that kubectl has seen already."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the user asked for."""

    directory: Path
    stack: str
    command: tuple[str, ...]
    workload: str = ""
    container: str = ""
    on_terminal: bool = False


def run_once(request: RunRequest, session: Session) -> int:
    """Run the command to its end, on this process's terminal; its exit status.

    The pod is removed afterwards, however it ends; what a killed process left goes with the next.

    Raises:
        UsageError: there is no such stack, workload or container, or it is not clear which is meant.
        ClusterError: the stack is not installed; the API server refuses the pod; there is no such program in it.
        WorkloadError: it cannot begin, for a reason that is told.
        NotReadyError: it did not within five minutes.
    """
    with reach(request.directory, session) as deployment:
        found = choose_workload(deployment, request.stack, request.workload)
        store = deployment.environment.cluster.objects
        around = read_surroundings(store, found.kind, found.namespace, found.name)
        around = replace(around, workload=as_applied(around.workload))
        identity = identity_beside(deployment, found)
        made = one_off(around, identity, request.command, container=request.container, on_terminal=request.on_terminal)
        try:
            create_all(store, made.objects)
            begun = Awaited(request.stack, found, identity, lambda pod: bool(_state(pod, made)), _BEGIN_SECONDS)
            with swept(store):
                pod = await_pod(deployment, begun)
            status = _show(deployment.toolbox.kubectl, request, made, pod)
            if status:
                return status  # Ctrl-C, mostly
            ended = replace(begun, holds=lambda pod: "terminated" in _state(pod, made), seconds=_END_SECONDS)
            return _exit_status(_state(await_pod(deployment, ended), made)["terminated"], request.command)
        finally:
            take_away(store, made.objects)


def _state(pod: Json, made: OneOff) -> Mapping[str, Any]:
    """`running` or `terminated`, of the container that runs the command; nothing before."""
    found = next((each for each in container_statuses(pod) if each["name"] == made.container), None)
    return {key: value for key, value in (found or {}).get("state", {}).items() if key != "waiting"}


def _exit_status(ended: Mapping[str, Any], command: Sequence[str]) -> int:
    """The command's own; raises ClusterError where it could not be started at all, which no log tells."""
    if ended.get("reason") == _NOT_STARTED:
        raise ClusterError(f"{command[0]} cannot be started", context={"cause": str(ended.get("message", ""))})
    return int(ended["exitCode"])


def _show(kubectl: Kubectl, request: RunRequest, made: OneOff, pod: Json) -> int:
    """Have kubectl show what the command prints, and lead to it what is typed; kubectl's exit status."""
    environ = {**os.environ, "KUBECTL_KUBERC": "false"}
    target = ["--namespace", pod["metadata"]["namespace"], made.pod, "--container", made.container]
    if not request.on_terminal or "terminated" in _state(pod, made):
        return run_in_foreground(kubectl.call("logs", "--follow", *target), environ)
    return run_in_foreground(kubectl.call("attach", "--stdin", "--tty", "--quiet", *target), environ)
