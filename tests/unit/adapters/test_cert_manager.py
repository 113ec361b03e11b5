"""Why a Certificate is not ready, by what it and its requests say."""

from __future__ import annotations

from typing import Any

import pytest

from devenv.adapters.kubernetes.cert_manager import judge

NOT_FOUND = 'Referenced "ClusterIssuer" not found: clusterissuer.cert-manager.io "nobody" not found'
DENIED = "The certificate request has failed to complete and will be retried: denied by policy"
WAITING = {"type": "Ready", "status": "False", "reason": "DoesNotExist", "message": "the Secret does not exist"}
ISSUING = {"type": "Issuing", "status": "True", "reason": "DoesNotExist", "message": "the Secret does not exist"}
FAILED = {"type": "Issuing", "status": "False", "reason": "Failed", "message": DENIED}


def certificate(*conditions: dict[str, str], name: str = "web") -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "generation": 1}
    return {"metadata": metadata, "spec": {"secretName": f"{name}-tls"}, "status": {"conditions": [*conditions]}}


def request(message: str, revision: int = 1, *, of: str = "web", status: str = "False") -> dict[str, Any]:
    marks = {"cert-manager.io/certificate-name": of, "cert-manager.io/certificate-revision": str(revision)}
    state = {"type": "Ready", "status": status, "reason": "Pending", "message": message}
    metadata = {"name": f"{of}-{revision}", "namespace": "shop", "annotations": marks}
    return {"metadata": metadata, "status": {"conditions": [state]}}


@pytest.mark.parametrize(
    ("conditions", "requests", "reason", "failed"),
    [
        ([], [], "it has no condition Ready yet", False),
        ([WAITING, ISSUING], [], "Ready is False: DoesNotExist the Secret does not exist", False),
        ([WAITING, ISSUING], [request(NOT_FOUND)], NOT_FOUND, False),
        ([WAITING, ISSUING], [request(NOT_FOUND, 10), request("an earlier one", 9)], NOT_FOUND, False),
        (
            [WAITING, ISSUING],
            [request(NOT_FOUND, of="api"), request("issued", status="True")],
            "Ready is False: DoesNotExist the Secret does not exist",
            False,
        ),
        ([WAITING, FAILED], [request("denied")], DENIED, True),
    ],
)
def test_the_reason_is_what_knows_most(
    conditions: list[dict[str, str]], requests: list[dict[str, Any]], reason: str, *, failed: bool
) -> None:
    (found,) = judge([certificate(*conditions)], requests)

    assert (found.reason, found.failed) == (reason, failed)
    assert (found.secret, str(found)) == ("web-tls", f"Certificate shop/web: {reason}")
