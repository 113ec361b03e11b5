"""Leases by which controllers agree on who of them acts: taken from holders that are known to be no more.

Whoever starts waits until the lease of the one before has run out, 15 s and more. Who ends in good order gives it up:
https://github.com/kubernetes/client-go/blob/master/tools/leaderelection/leaderelection.go (`release`).
"""

from __future__ import annotations

from datetime import UTC, datetime

import httpx2

from devenv.adapters.kubernetes.api import Api
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import label, object_key
from devenv.errors import ApiRefusedError

_LEASES = "apis/coordination.k8s.io/v1"
_HEARTBEATS = "kube-node-lease"
"""The namespace of leases that say that a node lives: nobody waits for those."""
_IDENTITY = "apiserver.kubernetes.io/identity"
"""A label of leases that say that an API server lives."""


def release(api: Api, before: datetime) -> list[str]:
    """Give up the leases that were renewed last before a time from which on no holder of then lives: `namespace/name`.

    One that somebody takes meanwhile is left to them.
    """
    stale = [item for item in api.items(f"{_LEASES}/leases") if _is_stale(item, before)]
    return [object_key(item["metadata"]) for item in stale if _give_up(api, item)]


def _is_stale(item: Json, before: datetime) -> bool:
    spec, metadata = item.get("spec", {}), item["metadata"]
    if metadata["namespace"] == _HEARTBEATS or label(item, _IDENTITY) or not spec.get("holderIdentity"):
        return False
    renewed = spec.get("renewTime")
    return bool(renewed) and datetime.fromisoformat(renewed).astimezone(UTC) < before


def _give_up(api: Api, item: Json) -> bool:
    metadata = item["metadata"]
    path = f"{_LEASES}/namespaces/{metadata['namespace']}/leases/{metadata['name']}"
    body: Json = {
        "metadata": {"resourceVersion": metadata["resourceVersion"]},
        "spec": {"holderIdentity": "", "leaseDurationSeconds": 1},
    }
    try:
        api.write("PATCH", path, body, "application/merge-patch+json")
    except ApiRefusedError as error:
        if error.status == httpx2.codes.CONFLICT:
            return False
        raise
    return True
