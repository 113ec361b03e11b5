"""What the containers of a stack wrote last, from the kubelets."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.json_objects import Json
from devenv.runtime.diagnosis import Scope
from devenv.runtime.diagnosis.scope import members
from devenv.workflows.observed import ObservedProject

_LINES = 100
"""Of each container."""


def stack_log(observed: ObservedProject, stack: str) -> list[tuple[str, str]]:
    """The last lines of each container of a stack's pods, newest pods first; those that wrote nothing are left out.

    Raises:
        ClusterError: the cluster does not answer.
    """
    scope = Scope.of_stack(stack, observed.workspace.stacks[stack].spec.namespace, observed.facts.releases)
    with Cluster(observed.kubeconfig) as cluster:
        pods = members(cluster.informer().snapshot(), scope)["Pod"]
        newest_first = sorted(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), reverse=True)
        return [(title, "\n".join(lines)) for pod in newest_first for title, lines in _of_pod(cluster, pod) if lines]


def _of_pod(cluster: Cluster, pod: Json) -> Iterator[tuple[str, tuple[str, ...]]]:
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    for container in pod["spec"]["containers"]:
        yield (
            f"{name} · {container['name']}",
            cluster.log(namespace, name, container["name"], previous=False, lines=_LINES),
        )
