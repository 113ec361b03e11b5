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
from functools import partial

from devenv.adapters.kubernetes.api import Api
from devenv.adapters.kubernetes.conditions import await_object, condition_problem
from devenv.adapters.kubernetes.discovery import Resource, find_resource
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.managed_fields import FIELD_MANAGER
from devenv.adapters.kubernetes.objects import annotation, condition, is_true, object_key
from devenv.labels import ANNOTATION_SEEDS

_KIND = "externalsecrets.external-secrets.io"
_FORCE_SYNC = "force-sync"
"""The operator's documentation calls it so; any annotation that changes will do."""
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
        _patch(api, resource, item["metadata"], {ANNOTATION_SEEDS: token})
    end = time.monotonic() + timeout
    for item in former.values():
        # One that failed before is tried again at longer and longer intervals: there is no telling when.
        if is_true(item, "Ready") and not _is_read_once(item):
            place = (item["metadata"]["namespace"], item["metadata"]["name"])
            _await(api, place, item, end - time.monotonic(), cancel)
    now = _all(api, resource)
    left = {key: reason for key, item in former.items() if key in now and (reason := _unread(now[key], item))}
    return Refreshed(tuple(key for key in former if key in now and key not in left), left)


@dataclass(frozen=True, slots=True)
class Follower:
    """An external secret that reads one of the source's."""

    namespace: str
    name: str
    target: str
    """The Secret that is made of it."""

    @property
    def key(self) -> str:
        """`namespace/name` of the Secret."""
        return f"{self.namespace}/{self.target}"


def followers(api: Api) -> dict[str, list[Follower]]:
    """The external secrets that read each of the source's, by its name; those that search for names are left out."""
    resource = find_resource(api, _KIND)
    found: dict[str, list[Follower]] = {}
    for item in _all(api, resource).values() if resource else ():
        for key in _keys(item):
            found.setdefault(key, []).append(_follower(item))
    return found


def follow(api: Api, key: str, *, timeout: float, cancel: threading.Event) -> Refreshed:
    """Have the external secrets that may read one of the source's do so now; wait at most `timeout` seconds for each.

    The Secrets are written by then: the operator notes what it has read after it has written.

    Raises:
        InterruptedRunError: `cancel` was set.
    """
    resource = find_resource(api, _KIND)
    if resource is None:
        return Refreshed()
    former = [item for item in _all(api, resource).values() if key in _keys(item) or _searches(item)]
    for item in former:
        _patch(api, resource, item["metadata"], {_FORCE_SYNC: str(time.time_ns())})
    done: list[str] = []
    left: dict[str, str] = {}
    for item in former:
        place = (item["metadata"]["namespace"], item["metadata"]["name"])
        if _is_read_once(item):
            left[_follower(item).key] = "it is read only once, as it asks for"
            continue
        unread = partial(_not_followed, former=item)
        problem = await_object(api, _KIND, *place, unread, timeout=timeout, cancel=cancel)
        if problem:
            left[_follower(item).key] = problem
        else:
            done.append(_follower(item).key)
    return Refreshed(tuple(done), left)


def _not_followed(now: Json, former: Json) -> str:
    return "it has not been read yet" if _version(now) == _version(former) else condition_problem(now, "Ready")


def _keys(item: Json) -> set[str]:
    """The source's secrets that an external secret names."""
    spec = item["spec"]
    single = [entry.get("remoteRef", {}).get("key") for entry in spec.get("data") or ()]
    whole = [entry.get("extract", {}).get("key") for entry in spec.get("dataFrom") or ()]
    return {str(key) for key in (*single, *whole) if key}


def _searches(item: Json) -> bool:
    """Whether it takes whatever has a certain name or tag."""
    return any("find" in entry for entry in item["spec"].get("dataFrom") or ())


def _follower(item: Json) -> Follower:
    metadata = item["metadata"]
    return Follower(str(metadata["namespace"]), str(metadata["name"]), _target(item))


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


def _patch(api: Api, resource: Resource, metadata: Json, annotations: Mapping[str, str]) -> None:
    path = f"{resource.path(metadata['namespace'])}/{metadata['name']}"
    body: Json = {"metadata": {"annotations": dict(annotations)}}
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
