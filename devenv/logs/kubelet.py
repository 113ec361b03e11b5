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
from devenv.logs.entries import FoundLogs, LogEntry, LogQuery, newest, stack_of
from devenv.logs.lines import fields_of, join, level_of, stamp_in_utc

_AT_ONCE = 6
MOST_LINES = 100_000
"""Of one container, the newest ones."""


@dataclass(frozen=True, slots=True)
class _Container:
    namespace: str
    pod: str
    name: str
    node: str
    stack: str
    previous: bool


def read_kubelets(cluster: Cluster, query: LogQuery) -> FoundLogs:
    """The lines that the kubelets have; raises ApiUnreachableError."""
    containers = [container for pod in cluster.pods() for container in _containers(pod, query)]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="logs") as pool:
        found = list(pool.map(lambda container: _read(cluster, container, query), containers))
    return newest([entry for entries in found for entry in entries], query.limit)


def _containers(pod: Json, query: LogQuery) -> Iterator[_Container]:
    meta = pod["metadata"]
    stack = stack_of(meta.get("labels") or {})
    if not query.takes_pod(meta["namespace"], meta["name"], stack):
        return
    node = pod["spec"].get("nodeName", "")
    for found in container_statuses(pod):
        for previous in (True, False) if found.get("restartCount") else (False,):
            yield _Container(meta["namespace"], meta["name"], found["name"], node, stack, previous)


def _read(cluster: Cluster, container: _Container, query: LogQuery) -> list[LogEntry]:
    lines = cluster.log_since(
        container.namespace,
        container.pod,
        container.name,
        previous=container.previous,
        since=query.since,
        lines=MOST_LINES,
    )
    return [entry for entry in _entries(lines, container) if query.takes(entry)]


def _entries(lines: tuple[str, ...], container: _Container) -> Iterator[LogEntry]:
    parts = (line.partition(" ") for line in lines if line)
    for stamp, text in join((stamp, text) for stamp, _, text in parts):
        fields = fields_of(text)
        yield LogEntry(
            timestamp=stamp_in_utc(stamp),
            namespace=container.namespace,
            pod=container.pod,
            container=container.name,
            node=container.node,
            stack=container.stack,
            level=level_of(text, fields),
            message=text,
            fields=fields,
        )
