"""Lines as they are written, of all containers that are asked for, whatever becomes of their pods.

Responsible for finding containers as they begin, and for reading each to its end. What becomes of the pods is woven in.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.json_objects import Json, ObjectsByKind
from devenv.adapters.kubernetes.objects import container_statuses
from devenv.adapters.kubernetes.streams import LineStream
from devenv.adapters.kubernetes.watch import Informer
from devenv.errors import ApiRefusedError, ApiUnreachableError
from devenv.logs.entries import LogEntry, LogQuery, written
from devenv.logs.happenings import happenings
from devenv.logs.lines import plain, stamp_in_utc

_LONGEST_SECONDS = 5.0
"""Without a change told it is looked nevertheless: for a reader whose connection broke."""


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of a container: a restart is another."""

    id: str
    container: str
    goes_on: bool
    pod: Json


@contextmanager
def following(cluster: Cluster, query: LogQuery, began: str) -> Iterator[Iterator[LogEntry]]:
    """Entries as they come, until the block ends.

    Args:
        cluster: one that runs; it may go away and come back meanwhile.
        query: which lines; its `since` and `limit` are of those that are known already.
        began: RFC 3339 in UTC with nine digits; lines of before do not come.

    Raises:
        ApiUnreachableError: the cluster cannot be read at all.
    """
    informer = cluster.informer()
    followed = _Followed(cluster, query, began)
    watcher = threading.Thread(target=followed.watch, args=(informer,), name="follow pods", daemon=True)
    watcher.start()
    try:
        yield iter(followed.entries.get, None)
    finally:
        followed.end()
        informer.wake()
        watcher.join(timeout=1.0)


class _Followed:
    """What is being read; every run has a thread of its own."""

    def __init__(self, cluster: Cluster, query: LogQuery, began: str) -> None:
        self.entries: queue.SimpleQueue[LogEntry | None] = queue.SimpleQueue()
        self._cluster = cluster
        self._query = query
        self._began = began
        self._last: dict[str, str] = {}
        """Timestamp of each run's last line: where a connection broke, reading goes on behind it."""
        self._readers: dict[str, threading.Thread] = {}
        self._streams: set[LineStream] = set()
        self._over = threading.Event()

    def watch(self, informer: Informer) -> None:
        """Tell what changes, and read what begins, until it is over."""
        before: ObjectsByKind | None = None
        while not self._over.is_set():
            revision, now = informer.revision, informer.snapshot()
            for happening in happenings(before, now, self._query.takes_pod) if before else ():
                self._tell(happening)
            for run in (run for pod in now["Pod"] if self._query.takes_pod(pod) for run in _runs(pod)):
                self._ensure_read(run)
            before = now
            informer.wait(revision, _LONGEST_SECONDS)

    def end(self) -> None:
        """Have all threads end, and whoever waits for entries."""
        self._over.set()
        self.entries.put(None)
        for stream in list(self._streams):
            stream.end()

    def _ensure_read(self, run: _Run) -> None:
        reader = self._readers.get(run.id)
        if reader and (reader.is_alive() or not run.goes_on):
            return
        self._readers[run.id] = threading.Thread(
            target=self._read, args=(run,), name=f"follow {run.container}", daemon=True
        )
        self._readers[run.id].start()

    def _read(self, run: _Run) -> None:
        meta = run.pod["metadata"]
        since = self._last.get(run.id, self._began)
        try:
            stream = self._cluster.follow_log(meta["namespace"], meta["name"], run.container, since)
        except (ApiRefusedError, ApiUnreachableError):
            return  # it is asked again for as long as the container runs
        self._streams.add(stream)
        if self._over.is_set():
            stream.end()
        try:
            for line in stream:
                stamp, _, text = line.partition(" ")
                if stamp and self._is_new(run, stamp_in_utc(stamp)):
                    self._tell(written(run.pod, run.container, stamp, plain(text.removesuffix("\r"))))
        except ApiUnreachableError:
            return  # as well
        finally:
            self._streams.discard(stream)

    def _is_new(self, run: _Run, stamp: str) -> bool:
        """Whether a line is none of before: the API server knows whole seconds only."""
        if stamp < self._began or stamp <= self._last.get(run.id, ""):
            return False
        self._last[run.id] = stamp
        return True

    def _tell(self, entry: LogEntry) -> None:
        if self._query.takes(entry):
            self.entries.put(entry)


def _runs(pod: Json) -> Iterator[_Run]:
    """The present or last run of each container, also of one that waits to be started again."""
    for status in container_statuses(pod):
        if status.get("containerID"):
            yield _Run(status["containerID"], status["name"], "running" in status["state"], pod)
