"""External secrets read from their source at once, instead of when their interval has passed.

Responsible for asking the External Secrets Operator and for waiting until it has done it. An annotation asks:
https://external-secrets.io/latest/introduction/faq/#can-i-manually-trigger-a-secret-refresh
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from devenv.adapters.kubernetes.api import Api
from devenv.adapters.kubernetes.conditions import await_object, condition_problem
from devenv.adapters.kubernetes.discovery import Resource, find_resource
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.managed_fields import FIELD_MANAGER
from devenv.adapters.kubernetes.objects import annotation, condition, is_true, object_key
from devenv.labels import ANNOTATION_SEEDS

_KIND = "externalsecrets.external-secrets.io"
_ZERO = re.compile(r"(0+(\.0*)?[a-z]*)+")
"""A duration of nothing, as Go writes it."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of a refresh."""

    done: tuple[str, ...] = ()
    """`namespace/name` of the external secrets that were read."""
    left: Mapping[str, str] = field(default_factory=dict)
    """The others, with the reason in words."""


def refresh(api: Api, token: str, *, timeout: float, cancel: threading.Event) -> Refreshed:
    """Have every external secret read its source that did not for this `token`; wait at most `timeout` seconds for it.

    Raises:
        InterruptedRunError: `cancel` was set.
    """
    resource = find_resource(api, _KIND)
    if resource is None:
        return Refreshed()
    former = {key: item for key, item in _all(api, resource).items() if annotation(item, ANNOTATION_SEEDS) != token}
    for item in former.values():
        _ask(api, resource, item["metadata"], token)
    end = time.monotonic() + timeout
    for item in former.values():
        # One that failed before is tried again at longer and longer intervals: there is no telling when.
        if is_true(item, "Ready") and not _is_read_once(item):
            place = (item["metadata"]["namespace"], item["metadata"]["name"])
            _await(api, place, item, end - time.monotonic(), cancel)
    now = _all(api, resource)
    left = {key: reason for key, item in former.items() if key in now and (reason := _unread(now[key], item))}
    return Refreshed(tuple(key for key in former if key in now and key not in left), left)


def coming(api: Api, namespace: str) -> frozenset[str]:
    """The Secrets of a namespace that external secrets are to bring, of which none says that it could not."""
    resource = find_resource(api, _KIND)
    if resource is None:
        return frozenset()
    found = api.items(resource.path(namespace))
    return frozenset(_target(item) for item in found if condition(item, "Ready").get("status") != "False")


def _target(item: Json) -> str:
    """The Secret that an external secret writes: its own name, where it names no other."""
    return str(item["spec"].get("target", {}).get("name") or item["metadata"]["name"])


def _all(api: Api, resource: Resource) -> dict[str, Json]:
    return {object_key(item["metadata"]): item for item in api.items(resource.path())}


def _ask(api: Api, resource: Resource, metadata: Json, token: str) -> None:
    path = f"{resource.path(metadata['namespace'])}/{metadata['name']}"
    body: Json = {"metadata": {"annotations": {ANNOTATION_SEEDS: token}}}
    api.write("PATCH", path, body, "application/merge-patch+json", fieldManager=FIELD_MANAGER)


def _await(api: Api, place: tuple[str, str], former: Json, timeout: float, cancel: threading.Event) -> None:
    def unread(now: Json) -> str:
        # A failure ends the wait as well: it is told in the end.
        return _unread(now, former) if is_true(now, "Ready") else ""

    await_object(api, _KIND, *place, unread, timeout=timeout, cancel=cancel)


def _unread(now: Json, former: Json) -> str:
    """Why an external secret has not been read since it was as it was, in words; empty when it has."""
    if _version(now) != _version(former):
        return ""
    if _is_read_once(now):
        return "it is read only once, as it asks for"
    again = f"it is read again within {now['spec'].get('refreshInterval', '1h0m0s')}"
    return f"{condition_problem(now, 'Ready') or 'it has not been read yet'}; {again}"


def _version(item: Json) -> str:
    """What the operator read it for: its specification, labels and annotations."""
    return str(item.get("status", {}).get("syncedResourceVersion", ""))


def _is_read_once(item: Json) -> bool:
    """Whether it is never read again on its own: the rules are those of the operator's `shouldRefresh`."""
    policy, interval = item["spec"].get("refreshPolicy", "Periodic"), item["spec"].get("refreshInterval", "")
    return policy == "CreatedOnce" or (policy == "Periodic" and bool(_ZERO.fullmatch(interval)))
