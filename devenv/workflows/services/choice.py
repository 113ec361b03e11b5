"""Which workload of a stack is meant, and which of its containers."""

from __future__ import annotations

from devenv.adapters.kubernetes.cluster import Workload, of_stack
from devenv.adapters.kubernetes.json_objects import Json
from devenv.errors import ClusterError, UsageError
from devenv.spec.read.wording import name_hint
from devenv.workflows.access.stack_names import require_stacks
from devenv.workflows.databases.deployed import Deployment

_KINDS = ("Deployment", "StatefulSet")


def choose_workload(deployment: Deployment, stack: str, named: str = "") -> Workload:
    """The Deployment or StatefulSet of a stack, which is to be named (`deployment/api`, `api`) where it has several.

    Raises:
        UsageError: there is no such stack or workload, or it is not clear which is meant.
        ClusterError: the stack has none that is installed.
    """
    require_stacks(deployment.environment.workspace, [stack])
    cluster, releases = deployment.environment.cluster, deployment.facts.releases
    known = of_stack(stack, releases, [w for kind in _KINDS for w in cluster.workloads_of(kind)])
    if not known and stack in deployment.facts.records:
        namespace = deployment.environment.workspace.stacks[stack].spec.namespace
        raise ClusterError(
            f"nothing of stack {stack} goes on running: it has no Deployment and no StatefulSet",
            hint=deployment.toolbox.kubectl.pasted("--namespace", namespace, "get", "cronjobs,jobs,daemonsets"),
        )
    if not known:
        raise ClusterError(f"stack {stack} has no service that runs", hint=f"devenv up --only {stack}")
    names = {f"{w.kind.lower()}/{w.name}": w for w in known}
    wanted = named.lower()
    chosen = [w for name, w in names.items() if not wanted or wanted in (name, w.name)]
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise UsageError(f"stack {stack} has no workload {named}", hint=name_hint(wanted, names, "workloads"))
    raise UsageError(f"stack {stack} has several workloads", hint=f"say which one is meant: {', '.join(names)}")


def choose_container(spec: Json, named: str = "") -> Json:
    """The container of a pod's specification of that name, or the first; raises UsageError where there is none."""
    known = {each["name"]: each for each in spec["containers"]}
    name = named or next(iter(known))
    if name not in known:
        raise UsageError(f"there is no container {name}", hint=name_hint(name, known, "containers"))
    found: Json = known[name]
    return found
