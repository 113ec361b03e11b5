"""Objects of any kind, one at a time: found by their manifests, changes tried on them, deleted, awaited.

Responsible for asking the API server. What a refusal means, and what is done about it, is decided elsewhere.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import httpx2

from devenv.adapters.kubernetes.api import METADATA_ONLY, SERVER_TIMEOUT, Api
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.watch import WORKLOADS
from devenv.errors import ApiRefusedError, InterruptedRunError, NotReadyError

_WATCH_SECONDS = 1
"""For so long a watch is open at most: between two of them it is seen whether the user has stopped the run."""
_IMMUTABLE = re.compile(
    r"immutable|oldSelf|cannot change|(may|can) not (be )?change|may not be changed|updates to .* forbidden"
    r"|can not be less than status\.capacity|must support resize",
    re.IGNORECASE,
)
"""What the API server and its admission plugins say of a field that cannot be changed any more. There is no code for
it: https://github.com/kubernetes/kubernetes/blob/master/pkg/apis, `validation.go` of each group."""
Propagation = Literal["Orphan", "Foreground", "Background"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An object as it is, and what the API server does not let be changed of it."""

    live: Json
    causes: tuple[tuple[str, str], ...]
    """Field and reason of each; the field is empty where an admission plugin speaks."""


class ObjectStore:
    """The objects of one cluster. Threads may share it."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._resources: dict[tuple[str, str], Json] = {}

    def path(self, item: Json, namespace: str = "") -> str | None:
        """Where the API server keeps an object; None for a kind that it does not know, or without a name.

        Args:
            item: an object, or the manifest of one.
            namespace: of what names none, and is of a kind that has one.
        """
        version, kind = str(item.get("apiVersion", "")), str(item["kind"])
        resource = self._resource(version, kind)
        if resource is None or not item["metadata"].get("name"):
            return None
        root = f"apis/{version}" if "/" in version else f"api/{version}"
        where = f"/namespaces/{item['metadata'].get('namespace') or namespace}" if resource["namespaced"] else ""
        return f"{root}{where}/{resource['name']}/{item['metadata']['name']}"

    def find(self, path: str) -> Json | None:
        """The object at a path; None when there is none."""
        # Many are asked for one after the other, of a server that has just answered: if it is slow, it is busy.
        return self._api.find(path, timeout=SERVER_TIMEOUT)

    def items(self, path: str) -> list[Json]:
        """The objects of a collection."""
        return self._api.items(path)

    def outlines(self, path: str) -> list[Json]:
        """The objects of a collection, their metadata alone."""
        return self._api.items(path, accept=METADATA_ONLY)

    def fetch(self, path: str) -> Json:
        """The object at a path; raises ApiRefusedError where there is none."""
        return self._api.fetch(path)

    def served(self, path: str, *, selector: str = "", outlines: bool = False) -> list[Json]:
        """The objects of a collection; none of a kind that is not known.

        Args:
            path: of the collection.
            selector: asks for labels.
            outlines: their metadata alone.
        """
        accept = METADATA_ONLY if outlines else "application/json"
        try:
            return self._api.items(path, accept=accept, selector=selector)
        except ApiRefusedError as error:
            if error.status == httpx2.codes.NOT_FOUND:
                return []
            raise

    def create(self, item: Json) -> str:
        """Make an object that is not there yet; its path.

        Raises:
            ApiRefusedError: its kind is not known, there is one of that name, or the API server does not take it.
        """
        path = self.path(item)
        if path is None:
            raise ApiRefusedError(f"the API server knows no {item['kind']}", status=httpx2.codes.NOT_FOUND)
        self._api.write("POST", path.rpartition("/")[0], item, "application/json")
        return path

    def remove(self, path: str, *, grace: int | None = None) -> None:
        """Delete an object, where there is one. A pod gets `grace` seconds to end, else as long as it asks for."""
        self._api.remove(path, None if grace is None else {"gracePeriodSeconds": grace})

    def count(self, path: str) -> int:
        """How many objects a collection has; 0 for one that is not served."""
        try:
            return len(self._api.items(path, accept=METADATA_ONLY))
        except ApiRefusedError as error:
            if error.status == httpx2.codes.NOT_FOUND:
                return 0
            raise

    def refusal(self, item: Json, namespace: str, manager: str) -> Refusal | None:
        """What of a manifest cannot be applied to the object that is there; None when all of it can.

        The API server itself is asked, in a dry run of the very request that Helm and kubectl would send. A manifest
        that is wrong in itself is no refusal: that is left to those who apply it.

        Args:
            item: the manifest.
            namespace: where it goes when it names none.
            manager: the field manager in whose name it will be applied.
        """
        path = self.path(item, namespace)
        live = self.find(path) if path else None
        if path is None or live is None:
            return None
        if live["metadata"].get("deletionTimestamp") and item["kind"] in WORKLOADS:
            # What is applied to it would go with it.
            return Refusal(live, (("", "it is being deleted"),))
        try:
            self.try_to_apply(path, item, manager)
        except ApiRefusedError as error:
            causes = error.causes or (("", error.message),)
            return Refusal(live, causes) if all(_IMMUTABLE.search(message) for _, message in causes) else None
        return None

    def try_to_apply(self, path: str, item: Json, manager: str) -> Json:
        """The object that would be there if a manifest were applied, in the request that Helm and kubectl would send.

        Nothing is changed. Raises ApiRefusedError where the API server would refuse it.
        """
        return self._api.write(
            "PATCH", path, item, "application/apply-patch+yaml", fieldManager=manager, force="true", dryRun="All"
        )

    def apply(self, path: str, item: Json, manager: str) -> Json:
        """Apply a manifest in a manager's name, over what others have set; the object as it is then."""
        return self._api.write("PATCH", path, item, "application/apply-patch+yaml", fieldManager=manager, force="true")

    def merge(self, path: str, change: Json) -> Json:
        """Change some fields of an object."""
        return self._api.write("PATCH", path, change, "application/merge-patch+json", fieldManager="devenv")

    def delete(self, path: str, uid: str, propagation: Propagation = "Background") -> None:
        """Delete the very object with this UID; that it is gone already is fine."""
        try:
            self._api.remove(path, {"propagationPolicy": propagation, "preconditions": {"uid": uid}})
        except ApiRefusedError as error:
            # Another one has taken its place.
            if error.status != httpx2.codes.CONFLICT:
                raise

    def await_state(
        self, path: str, holds: Callable[[Json | None], bool], *, what: str, timeout: float, cancel: threading.Event
    ) -> None:
        """Wait until something holds of an object, which is None once it is gone.

        Raises:
            NotReadyError: it does not hold within `timeout` seconds.
            InterruptedRunError: `cancel` was set.
        """
        collection, _, name = path.rpartition("/")
        end = time.monotonic() + timeout
        while not holds(live := self.find(path)):
            if cancel.is_set():
                raise InterruptedRunError(f"stopped while waiting: {what}")
            if time.monotonic() > end:
                held = ((live or {}).get("metadata") or {}).get("finalizers") or ()
                raise NotReadyError(
                    f"{what}: not within {timeout:.0f} s", context={"held by": ", ".join(held)} if held else None
                )
            watch = self._api.open_watch(
                collection, fieldSelector=f"metadata.name={name}", timeoutSeconds=str(_WATCH_SECONDS)
            )
            for event in watch:
                if event["type"] == "ERROR" or holds(None if event["type"] == "DELETED" else event["object"]):
                    break

    def _resource(self, version: str, kind: str) -> Json | None:
        """The resource of a kind in one version of its group, as far as the API server serves it by now."""
        if (version, kind) not in self._resources:
            try:
                found = self._api.fetch(f"apis/{version}" if "/" in version else f"api/{version}")["resources"]
            except ApiRefusedError as error:
                if error.status == httpx2.codes.NOT_FOUND:
                    return None
                raise
            self._resources |= {(version, r["kind"]): r for r in found if "/" not in r["name"]}
        return self._resources.get((version, kind))
