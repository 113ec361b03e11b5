"""Conditions of objects of any kind, custom ones included: found by discovery, awaited by a watch.

Responsible for "has this object this condition". It must not decide for how long that is worth waiting.
"""

from __future__ import annotations

import queue
import threading
import time
from dataclasses import dataclass

from devenv.adapters.kubernetes_api import DISCOVERY, Api, Json, Watch
from devenv.adapters.kubernetes_objects import condition
from devenv.errors import ApiRefusedError, ApiUnreachableError, InterruptedRunError

_TICK = 0.3
"""Seconds between two looks at the cancel event, which cannot be awaited together with a queue."""
_PAUSE = 0.5
"""Seconds before a kind that is not defined yet is looked up again, and before a watch is opened again."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object and where the API server keeps it."""

    group: str
    version: str
    plural: str
    namespaced: bool

    def path(self, namespace: str) -> str:
        """Path of the collection."""
        root = f"apis/{self.group}/{self.version}" if self.group else f"api/{self.version}"
        return f"{root}/namespaces/{namespace}/{self.plural}" if self.namespaced else f"{root}/{self.plural}"


def find_resource(api: Api, kind: str) -> Resource | None:
    """The resource that `kind` names the way kubectl takes it: `externalsecret`, `es.external-secrets.io`."""
    wanted, _, group = kind.lower().partition(".")
    for root in ("api", "apis"):
        for entry in api.fetch(root, accept=DISCOVERY)["items"]:
            name = entry["metadata"].get("name", "")
            if group and group != name:
                continue
            for version in entry["versions"]:
                for resource in version.get("resources", ()):
                    if wanted in _names(resource):
                        namespaced = resource["scope"] == "Namespaced"
                        return Resource(name, version["version"], resource["resource"], namespaced)
    return None


def _names(resource: Json) -> set[str]:
    kind = resource.get("responseKind", {}).get("kind", "").lower()
    return {resource["resource"], resource.get("singularResource", ""), kind, *resource.get("shortNames", ())}


def await_condition(
    api: Api, kind: str, name: str, namespace: str, wanted: str, *, timeout: float, cancel: threading.Event
) -> str:
    """Wait until an object has a condition with status True.

    Returns:
        Empty when it has; else what was last seen of it, after `timeout` seconds.

    Raises:
        InterruptedRunError: `cancel` was set.
    """
    deadline = time.monotonic() + timeout
    last = f"no kind {kind} is known to the API server"
    while (left := deadline - time.monotonic()) > 0:
        _stop_when(cancel, kind, name)
        resource = find_resource(api, kind)
        if resource is None:
            cancel.wait(min(_PAUSE, left))
            continue
        last = _follow(api, resource, (namespace, name, wanted), deadline, cancel)
        if not last:
            return ""
        cancel.wait(_PAUSE)
    return last


def _follow(
    api: Api, resource: Resource, subject: tuple[str, str, str], deadline: float, cancel: threading.Event
) -> str:
    """Read one watch until the condition holds, the watch ends or the time is up; what was last seen."""
    namespace, name, wanted = subject
    seen: queue.SimpleQueue[Json | None] = queue.SimpleQueue()
    # Without a version the watch begins with the object as it is.
    watch = api.open_watch(resource.path(namespace), fieldSelector=f"metadata.name={name}")
    reader = threading.Thread(target=_read, args=(watch, seen), name=f"watch {name}", daemon=True)
    reader.start()
    last = f"{resource.plural} {name} does not exist"
    try:
        while time.monotonic() < deadline:
            _stop_when(cancel, resource.plural, name)
            try:
                item = seen.get(timeout=_TICK)
            except queue.Empty:
                continue
            if item is None:
                break
            last = condition_problem(item, wanted)
            if not last:
                break
    finally:
        watch.end()
        reader.join(timeout=1.0)
    return last


def _read(watch: Watch, seen: queue.SimpleQueue[Json | None]) -> None:
    try:
        for event in watch:
            if event["type"] in ("ADDED", "MODIFIED"):
                seen.put(event["object"])
    except (ApiUnreachableError, ApiRefusedError):
        pass  # the watch is opened anew until the caller's time is up
    finally:
        seen.put(None)


def condition_problem(item: Json, wanted: str) -> str:
    """Why an object has not a condition, in its own words; empty when it has."""
    state = condition(item, wanted)
    if not state:
        return f"it has no condition {wanted} yet"
    observed = state.get("observedGeneration", item["metadata"].get("generation", 0))
    if observed < item["metadata"].get("generation", 0):
        return f"its condition {wanted} is older than its last change"
    if state.get("status") == "True":
        return ""
    return f"{wanted} is {state.get('status')}: {state.get('reason', '')} {state.get('message', '')}".strip()


def _stop_when(cancel: threading.Event, kind: str, name: str) -> None:
    if cancel.is_set():
        raise InterruptedRunError(f"stopped while waiting for {kind} {name}")
