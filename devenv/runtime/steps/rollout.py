"""Whether what belongs to a stack is rolled out, and goes on to run.

Responsible for the question only; it waits for nothing and asks no cluster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.adapters.kubernetes.objects import Workload, is_hook, rollout_problem
from devenv.adapters.kubernetes.watch import WORKLOADS
from devenv.runtime.diagnosis.pods import waiting_for
from devenv.runtime.diagnosis.scope import Scope, members

_PROOF_SECONDS = 3.0
"""For how long a container without a readiness probe has to be seen running.

It counts as ready as soon as it runs, even when it is about to crash, and news of a crash take a second.
"""
_OLD = timedelta(seconds=30)
"""What runs for so long needs no proof."""
Key = tuple[str, str, str]
"""Kind, namespace and name."""


def generations(workloads: Iterable[Workload]) -> dict[Key, int]:
    """What `Rollout` has to see of workloads as the API server knows them now."""
    return {(w.kind, w.namespace, w.name): w.generation for w in workloads}


class Rollout:
    """One stack on its way; it remembers since when it has seen containers running."""

    def __init__(
        self,
        scope: Scope,
        *,
        wanted: Mapping[Key, int] = MappingProxyType({}),
        proven: Scope | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to look.

        Args:
            scope: the stack.
            wanted: workloads that have to be there, with their generations.
            proven: the part of the stack whose containers have to prove that they go on to run; else all.
            clock: seconds.
        """
        self._scope = scope
        self._wanted = wanted
        self._proven = proven or scope
        self._clock = clock
        self._running: dict[str, float] = {}

    def expect(self, wanted: Mapping[Key, int]) -> None:
        """From now on these workloads have to be there, with their generations."""
        self._wanted = wanted

    def unfinished(self, snapshot: ObjectsByKind) -> list[str]:
        """What is not rolled out yet, in words; nothing when the stack is."""
        stack = members(snapshot, self._scope)
        found: dict[Key, Json] = {
            (kind, item["metadata"]["namespace"], item["metadata"]["name"]): item
            for kind in WORKLOADS
            for item in stack[kind]
            if not is_hook(item)  # Helm awaits its hooks, and may leave a failed one of former times
        }
        late = [
            f"{kind.lower()} {name}: not seen yet"
            for (kind, namespace, name), generation in self._wanted.items()
            if (item := found.get((kind, namespace, name))) is None
            or item["metadata"].get("generation", 0) < generation
        ]
        problems = [
            f"{kind.lower()} {name}: {problem}"
            for (kind, _, name), item in found.items()
            if (problem := rollout_problem(kind, item))
        ]
        # Of the pods themselves, since a controller's status follows theirs with a delay.
        waiting = [
            f"pod {pod['metadata']['name']}: {state}"
            for pod in stack["Pod"]
            if not _of_job(pod) and (state := waiting_for(pod))
        ]
        pods = members(snapshot, self._proven)["Pod"]
        return [*late, *problems, *waiting, *self._unproven(pods)]

    def _unproven(self, pods: Sequence[Json]) -> Iterator[str]:
        now = self._clock()
        for pod in pods:
            for container in unprobed_containers(pod):
                if now - self._running.setdefault(container, now) < _PROOF_SECONDS:
                    yield f"pod {pod['metadata']['name']}: just started"


def unprobed_containers(pod: Json) -> Iterator[str]:
    """Ids of a pod's containers that run for a short time, and tell by no probe whether they are ready."""
    unprobed = {c["name"] for c in pod["spec"]["containers"] if not c.get("readinessProbe")}
    for status in pod.get("status", {}).get("containerStatuses") or ():
        began = status.get("state", {}).get("running", {}).get("startedAt")
        if status["name"] in unprobed and began and _age(began) < _OLD:
            yield str(status.get("containerID") or f"{pod['metadata']['uid']}/{status['name']}/{began}")


def _of_job(pod: Json) -> bool:
    return any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences") or ())


def _age(began: str) -> timedelta:
    return datetime.now(UTC) - datetime.fromisoformat(began)
