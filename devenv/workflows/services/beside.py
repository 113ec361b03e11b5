"""What devenv makes beside a service for a while: whose it is, waiting for its pod, and taking it away."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from devenv.adapters.kubernetes.cluster import Workload
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import object_key
from devenv.adapters.kubernetes.store import ObjectStore
from devenv.adapters.kubernetes.surroundings import left_over, remove_all
from devenv.adapters.process import is_over, this_process
from devenv.runtime.diagnosis import QUICK_GATHER, GracePeriods, Observer, Scope, not_ready, watch_stack
from devenv.runtime.service_copies.identity import Identity
from devenv.workflows.databases.deployed import Deployment

_GRACE = GracePeriods(crash=1.0)
"""What it needs has run for long: whoever crashes twice does so because of what is different."""
_ENDING_SECONDS = 2
"""For a pod that nobody needs any more."""


def identity_beside(deployment: Deployment, original: Workload) -> Identity:
    """A new identity, of this process's."""
    labels = deployment.environment.names.labels
    return Identity(uuid.uuid4().hex[:6], original.namespace, labels, this_process())


@contextmanager
def swept(store: ObjectStore) -> Iterator[None]:
    """Remove what processes have left that were killed, beside the body."""
    with ThreadPoolExecutor(1, thread_name_prefix="sweep") as pool:
        sweeping = pool.submit(lambda: remove_all(store, left_over(store, is_over), grace=0))
        yield
        sweeping.result()


def take_away(store: ObjectStore, items: Iterable[Json]) -> None:
    """Remove what was made; what is gone is fine."""
    remove_all(store, [path for item in items if (path := store.path(item))], grace=_ENDING_SECONDS)


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
