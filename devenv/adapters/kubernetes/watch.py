"""A live copy of the cluster's pods, events, workloads, claims and nodes, kept by the API's own watches.

One copy serves all stacks that are installed at the same time. Responsible for keeping it current; what it
means is judged in `devenv.runtime.diagnosis`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import httpx2

from devenv.adapters.kubernetes.api import Api
from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.adapters.kubernetes.streams import Watch
from devenv.errors import ApiRefusedError, ApiUnreachableError, ClusterError

PATHS: Mapping[str, str] = {
    "Pod": "api/v1/pods",
    "Event": "api/v1/events",
    "PersistentVolumeClaim": "api/v1/persistentvolumeclaims",
    "Node": "api/v1/nodes",
    "Deployment": "apis/apps/v1/deployments",
    "ReplicaSet": "apis/apps/v1/replicasets",
    "StatefulSet": "apis/apps/v1/statefulsets",
    "DaemonSet": "apis/apps/v1/daemonsets",
    "Job": "apis/batch/v1/jobs",
}
CONTROLLERS = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds of workloads that keep their pods running."""
WORKLOADS = (*CONTROLLERS, "Job")

_SERVER_SECONDS = "280"
"""The server ends a watch after this time and it is opened anew: a lost connection cannot hide for longer."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 3.0
_TICK = 0.3
"""Seconds between two looks at a cancel event, which cannot be awaited together with a condition."""


class Informer:
    """The live copy. It starts with its construction and ends with `close`."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._changed = threading.Condition()
        self._objects: dict[str, dict[str, Json]] = {}
        self._watches: dict[str, Watch] = {}
        self._revision = 0
        self._woken = 0
        self._failure: ClusterError | None = None
        self._closed = threading.Event()
        self._threads = [
            # Daemons: a read that hangs must not keep devenv from ending.
            threading.Thread(target=self._follow, args=(kind,), name=f"watch {kind}", daemon=True)
            for kind in PATHS
        ]
        for thread in self._threads:
            thread.start()

    @property
    def revision(self) -> int:
        """Grows with every change."""
        return self._revision

    @property
    def failure(self) -> ClusterError | None:
        """Why the last request failed; None once something was read again."""
        return self._failure

    def snapshot(self) -> ObjectsByKind:
        """All objects as they are now. They are shared: not to be changed."""
        with self._changed:
            return {kind: tuple(self._objects.get(kind, {}).values()) for kind in PATHS}

    def wait(self, revision: int, timeout: float, *, gather: float = 0.0) -> int:
        """Wait until something changed since `revision`, at most `timeout` seconds; the present revision.

        With the first change comes a wait of `gather` seconds for those that come with it, unless `wake` ends it.
        """
        with self._changed:
            woken = self._woken
            if self._changed.wait_for(lambda: self._revision > revision or self._closed.is_set(), timeout):
                self._changed.wait_for(lambda: self._woken > woken or self._closed.is_set(), gather)
            return self._revision

    def wake(self) -> None:
        """End the waits of others now: something happened that no watch tells, such as the end of a program."""
        with self._changed:
            self._woken += 1
            self._revision += 1
            self._changed.notify_all()

    def wait_complete(self, timeout: float, over: Callable[[], bool]) -> bool:
        """Wait until every kind has been read once; False when `over` said that it is enough.

        Raises:
            ApiUnreachableError: that took longer than `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while not self._complete(_TICK):
            if over():
                return False
            if time.monotonic() > deadline:
                raise self._failure or ApiUnreachableError("the cluster's objects could not be read in time")
        return True

    def close(self) -> None:
        """End all watches and their threads."""
        self._closed.set()
        with self._changed:
            watches = list(self._watches.values())
            self._changed.notify_all()
        for watch in watches:
            watch.end()
        for thread in self._threads:
            thread.join(timeout=1.0)

    def _complete(self, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self._objects) == len(PATHS), timeout)

    def _follow(self, kind: str) -> None:
        """List, then watch from there; again from the last known version when a watch ends."""
        version, pause = "", _FIRST_PAUSE
        while not self._closed.is_set():
            try:
                version = self._watch(kind, version or self._list(kind))
                pause = _FIRST_PAUSE
            except (ApiRefusedError, ApiUnreachableError) as error:
                if isinstance(error, ApiRefusedError) and error.status == httpx2.codes.GONE:
                    version = ""
                    continue
                with self._changed:
                    self._failure = error
                self._closed.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    def _list(self, kind: str) -> str:
        answer = self._api.fetch(PATHS[kind])
        with self._changed:
            self._objects[kind] = {item["metadata"]["uid"]: item for item in answer["items"] or ()}
            self._note_change()
        return str(answer["metadata"]["resourceVersion"])

    def _watch(self, kind: str, version: str) -> str:
        """Follow one watch to its end; the version to go on from."""
        watch = self._api.open_watch(
            PATHS[kind], resourceVersion=version, allowWatchBookmarks="true", timeoutSeconds=_SERVER_SECONDS
        )
        with self._changed:
            self._watches[kind] = watch
        if self._closed.is_set():
            watch.end()
        for event in watch:
            item = event["object"]
            if event["type"] == "ERROR":
                raise ApiRefusedError(str(item.get("message")), status=int(item.get("code", 0)))
            version = item["metadata"]["resourceVersion"]
            self._apply(kind, event["type"], item)
        return version

    def _apply(self, kind: str, change: str, item: Json) -> None:
        if change == "BOOKMARK":
            return
        with self._changed:
            if change == "DELETED":
                self._objects[kind].pop(item["metadata"]["uid"], None)
            else:
                self._objects[kind][item["metadata"]["uid"]] = item
            self._note_change()

    def _note_change(self) -> None:
        self._revision += 1
        self._failure = None
        self._changed.notify_all()
