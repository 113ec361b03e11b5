"""Logs as the kubelets have them, through the API server: of pods that are there, and of each container's last run.

Responsible for asking all containers and for reading their answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import container_statuses
from devenv.logs.entries import FoundLogs, LogEntry, LogQuery, newest, written
from devenv.logs.lines import join

_AT_ONCE = 6
MOST_LINES = 100_000
"""Of one container, the newest ones."""


@dataclass(frozen=True, slots=True)
class _Container:
    pod: Json
    name: str
    previous: bool


def read_kubelets(cluster: Cluster, query: LogQuery) -> FoundLogs:
    """The lines that the kubelets have; raises ApiUnreachableError."""
    containers = [container for pod in cluster.pods() for container in _containers(pod, query)]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="logs") as pool:
        found = list(pool.map(lambda container: _read(cluster, container, query), containers))
    return newest([entry for entries in found for entry in entries], query.limit)


def _containers(pod: Json, query: LogQuery) -> Iterator[_Container]:
    for found in container_statuses(pod) if query.takes_pod(pod) else ():
        for previous in (True, False) if found.get("restartCount") else (False,):
            yield _Container(pod, found["name"], previous)


def _read(cluster: Cluster, container: _Container, query: LogQuery) -> list[LogEntry]:
    meta = container.pod["metadata"]
    lines = cluster.log_since(
        meta["namespace"],
        meta["name"],
        container.name,
        previous=container.previous,
        since=query.since,
        lines=MOST_LINES,
    )
    return [entry for entry in _entries(lines, container) if query.takes(entry)]


def _entries(lines: tuple[str, ...], container: _Container) -> Iterator[LogEntry]:
    parts = (line.partition(" ") for line in lines if line)
    for stamp, text in join((stamp, text) for stamp, _, text in parts):
        yield written(container.pod, container.name, stamp, text)
