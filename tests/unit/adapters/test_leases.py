"""Which leases are taken from holders that are known to be no more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from devenv.adapters.kubernetes.leases import _is_stale

STARTED = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def lease(
    renewed: str | None, holder: str | None = "former", namespace: str = "kube-system", **labels: str
) -> dict[str, Any]:
    metadata = {"name": "controller", "namespace": namespace, "labels": labels}
    return {"metadata": metadata, "spec": {"holderIdentity": holder, "renewTime": renewed}}


@pytest.mark.parametrize(
    ("item", "stale"),
    [
        (lease("2026-01-01T11:59:59.900000Z"), True),
        (lease("2026-01-01T11:59:59.900000Z", namespace="operators"), True),
        (lease("2026-01-01T12:00:00.100000Z"), False),
        (lease(None), False),
        (lease("2026-01-01T11:00:00.000000Z", holder=""), False),
        (lease("2026-01-01T11:00:00.000000Z", holder=None), False),
        (lease("2026-01-01T11:00:00.000000Z", namespace="kube-node-lease"), False),
        (lease("2026-01-01T11:00:00.000000Z", **{"apiserver.kubernetes.io/identity": "kube-apiserver"}), False),
    ],
)
def test_only_what_nobody_renews_any_more_is_given_up(item: dict[str, Any], *, stale: bool) -> None:
    assert _is_stale(item, STARTED) is stale
