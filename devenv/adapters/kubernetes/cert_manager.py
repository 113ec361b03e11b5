"""Certificates that cert-manager is to issue: which Secrets they bring, and why one has not come.

Responsible for reading what cert-manager tells. It must not have anything issued.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from devenv.adapters.kubernetes.api import Api
from devenv.adapters.kubernetes.conditions import condition_problem
from devenv.adapters.kubernetes.discovery import find_resource
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import annotation, condition

_CERTIFICATES = "certificates.cert-manager.io"
_REQUESTS = "certificaterequests.cert-manager.io"
_OF = "cert-manager.io/certificate-name"
"""A request's annotation with the name of the Certificate that it is made for."""
_REVISION = "cert-manager.io/certificate-revision"


@dataclass(frozen=True, slots=True)
class Unissued:
    """A Certificate that is not ready."""

    namespace: str
    name: str
    secret: str
    """The Secret that it is to bring."""
    reason: str
    failed: bool
    """Whether cert-manager has given up for now: it tries again an hour later."""

    def __str__(self) -> str:
        return f"Certificate {self.namespace}/{self.name}: {self.reason}"


def unissued(api: Api, namespace: str = "") -> list[Unissued]:
    """The Certificates of a namespace, or of all, that are not ready, each with the reason."""
    certificates = [item for item in _items(api, _CERTIFICATES, namespace) if condition_problem(item, "Ready")]
    return judge(certificates, _items(api, _REQUESTS, namespace)) if certificates else []


def judge(certificates: Iterable[Json], requests: Sequence[Json]) -> list[Unissued]:
    """Why Certificates are not ready, by what they and their requests say."""
    return [_unissued(item, _latest(item, requests)) for item in certificates]


def _unissued(item: Json, request: Json | None) -> Unissued:
    metadata, issuing = item["metadata"], condition(item, "Issuing")
    failed = issuing.get("status") == "False" and issuing.get("reason") == "Failed"
    # The request knows more, of an issuer that is not there above all, until it has failed and is passed on.
    asked = condition(request, "Ready") if request and not failed else {}
    told = issuing if failed else asked if asked.get("status") == "False" else {}
    reason = " ".join(str(told.get("message", "")).split()) or condition_problem(item, "Ready")
    return Unissued(metadata["namespace"], metadata["name"], item["spec"]["secretName"], reason, failed)


def _latest(item: Json, requests: Iterable[Json]) -> Json | None:
    place = (item["metadata"]["namespace"], item["metadata"]["name"])
    mine = [each for each in requests if (each["metadata"]["namespace"], annotation(each, _OF)) == place]
    return max(mine, key=lambda each: int(annotation(each, _REVISION) or 0), default=None)


def _items(api: Api, kind: str, namespace: str) -> list[Json]:
    resource = find_resource(api, kind)
    return api.items(resource.path(namespace) if namespace else resource.path()) if resource else []
