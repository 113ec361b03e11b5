"""What is asked of logs, and what comes back.

Responsible for values alone: who is asked is the business of `stored` and `kubelet`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.objects import Release
from devenv.labels import LABEL_INSTANCE, LABEL_STACK
from devenv.logs.lines import fields_of, level_of, stamp_in_utc

LEVELS = ("trace", "debug", "info", "warning", "error", "fatal")
"""From the least to the worst."""
STACK_LABELS = (LABEL_STACK, LABEL_INSTANCE)
"""The label of a pod that tells its stack: the first that it has. Of devenv's charts, and of Helm's custom."""


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which lines; what is empty leaves nothing out."""

    since: datetime
    """In UTC."""
    search: str = ""
    """Part of the message, in any case."""
    stacks: frozenset[str] = frozenset()
    """Values of the labels that tell a pod's stack."""
    namespaces: frozenset[str] = frozenset()
    pod: str = ""
    """What the pod's name begins with."""
    level: str = ""
    """At least as bad as this; lines that tell no level are left out then."""
    limit: int = 1000
    """The newest ones, where there are more."""

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that are meant; empty for all, and for none told."""
        return LEVELS[LEVELS.index(self.level) :] if self.level else ()

    def takes_pod(self, pod: Json) -> bool:
        """Whether a pod is one of those that are asked for."""
        meta = pod["metadata"]
        return (
            (not self.namespaces or meta["namespace"] in self.namespaces)
            and (not self.stacks or stack_of(meta.get("labels") or {}) in self.stacks)
            and str(meta["name"]).startswith(self.pod)
        )

    def takes(self, entry: LogEntry) -> bool:
        """Whether a line of such a pod is."""
        return (not self.search or self.search.lower() in entry.message.lower()) and (
            not self.level or entry.level in self.levels
        )


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A line, or the lines of one stack trace."""

    timestamp: str
    """RFC 3339 in UTC, with nine digits after the second: Python's own times have six."""
    namespace: str
    pod: str
    container: str
    """Empty for what Kubernetes says of the pod, among lines that are followed."""
    node: str
    stack: str
    level: str
    """One of `LEVELS`; empty where the line tells none."""
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """Of a line that is a JSON object; deeper keys are joined by dots."""


@dataclass(frozen=True, slots=True)
class FoundLogs:
    """The lines that were asked for, oldest first."""

    entries: tuple[LogEntry, ...]
    complete: bool
    """Whether these are all; the oldest are missing where not."""


def pod_labels(stacks: Collection[str], releases: Iterable[Release]) -> frozenset[str]:
    """What `stack_of` tells of the pods of stacks: the stack's name, or that of a release of it."""
    return frozenset(stacks) | {release.name for release in releases if release.stack in stacks}


def entry_of(
    pod: Json,
    timestamp: str,
    level: str,
    message: str,
    *,
    container: str = "",
    fields: Mapping[str, str] | None = None,
) -> LogEntry:
    """What is told of a pod; `written` is what a container of it wrote."""
    meta = pod["metadata"]
    stack, node = stack_of(meta.get("labels") or {}), pod["spec"].get("nodeName", "")
    return LogEntry(timestamp, meta["namespace"], meta["name"], container, node, stack, level, message, fields or {})


def written(pod: Json, container: str, stamp: str, text: str) -> LogEntry:
    """What one of a pod's containers wrote at a time."""
    fields = fields_of(text)
    return entry_of(pod, stamp_in_utc(stamp), level_of(text, fields), text, container=container, fields=fields)


def newest(entries: list[LogEntry], limit: int) -> FoundLogs:
    """The newest ones in the order in which they were written."""
    ordered = sorted(entries, key=lambda entry: entry.timestamp)
    return FoundLogs(tuple(ordered[-limit:]), complete=len(ordered) <= limit)


def stack_of(labels: Mapping[str, str]) -> str:
    """The stack of a pod with these labels; empty where they tell none."""
    return next((labels[key] for key in STACK_LABELS if labels.get(key)), "")
