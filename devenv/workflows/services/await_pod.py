"""Waiting for a pod that devenv has made beside a service; its root cause ends the wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from devenv.adapters.kubernetes.cluster import Workload
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import object_key
from devenv.runtime.diagnosis import QUICK_GATHER, GracePeriods, Observer, Scope, not_ready, watch_stack
from devenv.runtime.service_copies.identity import Identity
from devenv.workflows.databases.deployed import Deployment

_GRACE = GracePeriods(crash=1.0)
"""What it needs has run for long: whoever crashes twice does so because of what is different."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """Which pod, until when."""

    stack: str
    original: Workload
    identity: Identity
    holds: Callable[[Json], bool]
    """What has to hold of it."""
    seconds: float


def await_pod(deployment: Deployment, awaited: Awaited) -> Json:
    """The pod, once it is as it shall be.

    Raises:
        WorkloadError: it cannot become so, for a reason that is told with the last lines of its log.
        NotReadyError: it did not within its time.
    """
    cluster, found = deployment.environment.cluster, awaited.original
    name = awaited.identity.named(found.name)
    informer = cluster.informer()
    end = time.monotonic() + awaited.seconds
    scope = Scope(awaited.stack, found.namespace, copy=awaited.identity.id)

    def there() -> Json | None:
        key = f"{found.namespace}/{name}"
        named = (pod for pod in informer.snapshot()["Pod"] if object_key(pod["metadata"]) == key)
        return next((pod for pod in named if awaited.holds(pod)), None)

    observer = Observer(cluster, scope, kubectl=deployment.toolbox.kubectl, grace=_GRACE)
    diagnosis = watch_stack(
        cluster,
        scope,
        over=lambda: there() is not None or time.monotonic() > end,
        emit_progress=lambda _: None,
        observer=observer,
        gather=QUICK_GATHER,
    )
    if pod := there():
        return pod
    if diagnosis:
        raise diagnosis.error(f"copy of {found.name}")
    raise not_ready(f"copy of {found.name}", observer.probable, awaited.seconds)
