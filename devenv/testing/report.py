"""What the report of a failed test says of the environment: what the test had, and what its services went through.

Responsible for looking and for the words. It never fails a test, and looks closely at the first failures alone: when
everything fails, the first ones tell why.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from devenv.adapters.kubernetes.json_objects import Json
from devenv.errors.translation import as_devenv_error
from devenv.logs.entries import stack_of
from devenv.testing.databases import OwnDatabase
from devenv.testing.fixtures import looked_at
from devenv.testing.held import HELD, Held, Resource
from devenv.testing.settings import Settings
from devenv.workflows.logs import labels_of

_LOOKED_AT = 10
"""Failures of a process that are looked at closely."""
_LOG_LINES = 30
_SECONDS = 5.0
_COUNT = pytest.StashKey[int]()


def explain(item: pytest.Item, report: pytest.TestReport, settings: Settings) -> None:
    """Add sections to the report of a failed test."""
    held = item.stash[HELD]
    if held.resources:
        lines = [_described(name, resource, keep=settings.keep_failed) for name, resource in held.resources.items()]
        report.sections.append(("devenv: what the test had", "\n".join(lines)))
    count = item.session.stash.get(_COUNT, 0)
    item.session.stash[_COUNT] = count + 1
    if count >= _LOOKED_AT:
        return
    for stack in held.stacks:
        try:
            report.sections.extend(_sections(held, stack))
        except Exception as error:  # noqa: BLE001 -- the failure of the test is what matters
            if gone := looked_at(item.config).summary:
                report.sections.append(("devenv", gone))
                return
            report.sections.append((f"devenv: {stack}", f"cannot be looked at: {as_devenv_error(error).message}"))


def _described(name: str, resource: Resource, *, keep: bool) -> str:
    if keep:
        _keep(resource)
    text = f"{name}: {resource!r}"
    if keep and isinstance(resource, OwnDatabase):
        return f"{text}, kept: {resource.url}"
    return f"{text}{', kept' if keep else ''}"


def _keep(resource: Resource) -> None:
    from devenv.localstack.own import OwnAccount

    if isinstance(resource, OwnDatabase):
        resource.keep()
    else:
        account = resource if isinstance(resource, OwnAccount) else resource.account
        account.keep = True


def _sections(held: Held, stack: str) -> Iterator[tuple[str, str]]:
    deployment = held.environment.deployment
    labels = labels_of(deployment, [stack])
    cluster = deployment.environment.cluster
    pods = [pod for pod in cluster.pods() if stack_of(pod["metadata"].get("labels") or {}) in labels]
    pods = [pod for pod in pods if pod.get("status", {}).get("phase") != "Succeeded"]
    yield f"devenv: containers of {stack}", "\n".join(line for pod in pods for line in _containers(pod)) or "none"
    namespace = deployment.environment.workspace.stacks[stack].spec.namespace
    events = cluster.ask(f"api/v1/namespaces/{namespace}/events", timeout=_SECONDS)
    told = "\n".join(_event(event) for event in events.get("items", ()) if _is_recent(event, held.since))
    if told:
        yield f"devenv: events in {namespace} since the test began", told
    entries = held.environment.logs(stack, since=held.since)
    lines = [f"{entry.timestamp[11:23]} {entry.pod}: {entry.message}" for entry in entries[-_LOG_LINES:]]
    yield f"devenv: logs of {stack} since the test began", "\n".join(lines) or "nothing"


def _containers(pod: Json) -> Iterator[str]:
    name, status = pod["metadata"]["name"], pod.get("status", {})
    found = status.get("containerStatuses") or ()
    if not found:
        yield f"{name}: {status.get('phase', 'Unknown')} {status.get('reason', '')}".rstrip()
    for container in found:
        state, details = next(iter(container["state"].items()), ("unknown", dict[str, str]()))
        words = [state, "ready" if container.get("ready") else "not ready", f"{container['restartCount']} restarts"]
        if reason := details.get("reason"):
            words.append(reason)
        if last := container.get("lastState", {}).get("terminated"):
            words.append(f"before: {last.get('reason')} with status {last.get('exitCode')}")
        yield f"{name}/{container['name']}: {', '.join(words)}"


def _is_recent(event: Json, since: datetime) -> bool:
    at = event.get("lastTimestamp") or event.get("eventTime") or ""
    return bool(at) and datetime.fromisoformat(at) >= since.replace(microsecond=0)


def _event(event: Json) -> str:
    subject = event["involvedObject"]
    return f"{subject['kind'].lower()}/{subject['name']}: {event.get('reason')}: {event.get('message')}"
