"""`devenv logs`: what pods wrote, from where the stack `logs` keeps it, else from the kubelets."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

from devenv.databases.address import Address
from devenv.errors import DatabaseError, UsageError
from devenv.events import Noted
from devenv.logs.entries import LEVELS, FoundLogs, LogEntry, LogQuery, pod_labels
from devenv.logs.following import following
from devenv.logs.kubelet import read_kubelets
from devenv.logs.lines import stamp_in_utc
from devenv.logs.stored import read_stored
from devenv.logs.victoria_logs import read_victoria_logs
from devenv.spec.model import parse_duration
from devenv.workflows.access.session import Session
from devenv.workflows.access.stack_names import require_stacks
from devenv.workflows.databases.deployed import Deployment, reach

STACK = "logs"
CLICKHOUSE, VICTORIA_LOGS = "clickhouse", "victoria-logs"
"""What may keep the lines: a stack of its own, and a part of the stack that brings them."""
READER, READER_PASSWORD = "reader", "reader_password"
"""ClickHouse's account that can only read, as its chart has it in `users`, and the key in its Secret."""


@dataclass(frozen=True, slots=True)
class LogsRequest:
    """What the user asked for, as it was typed."""

    directory: Path
    search: str = ""
    since: str = "1h"
    stacks: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    pod: str = ""
    level: str = ""
    limit: int = 1000


def read_logs(request: LogsRequest, session: Session) -> FoundLogs:
    """The lines that were asked for, oldest first.

    Raises:
        UsageError: a stack, level or duration that there is not.
        ClusterError: the environment does not run.
        SpecError: with every problem of the specification.
    """
    with _asked(request, session) as (deployment, query):
        try:
            found = _kept(deployment, query)
        except DatabaseError as error:
            cause = error.context.get("cause", "").partition("\n")[0]
            told = f"{error.message} ({cause}): these are the lines that the kubelets still have"
            session.emit(Noted(told, "warning", error.hint or "devenv status"))
            found = None
        return found or read_kubelets(deployment.environment.cluster, query)


@contextmanager
def follow_logs(request: LogsRequest, session: Session) -> Iterator[Iterator[LogEntry]]:
    """The lines that the kubelets have, oldest first, and then each as it comes, without an end.

    Raises:
        what `read_logs` raises.
    """
    with _asked(request, session) as (deployment, query):
        cluster, began = deployment.environment.cluster, stamp_in_utc(datetime.now(UTC).isoformat())
        known = [entry for entry in read_kubelets(cluster, query).entries if entry.timestamp < began]
        with following(cluster, query, began) as coming:
            yield chain(known, coming)


def _kept(deployment: Deployment, query: LogQuery) -> FoundLogs | None:
    """The lines that the stack `logs` keeps; None where the project has it not, or not yet."""
    recorded = deployment.facts.records
    if STACK not in recorded:
        return None
    spec = deployment.environment.workspace.stacks[STACK].spec
    if spec.values.get("engine") == VICTORIA_LOGS:
        return read_victoria_logs(deployment.environment.cluster, spec.namespace, query)
    if CLICKHOUSE not in recorded:
        return None
    return read_stored(reader(deployment), query)


def reader(deployment: Deployment) -> Address:
    """Where ClickHouse answers, as the account that can only read; raises DatabaseError where it is not there."""
    (store,) = (deployed for deployed in deployment.choose(()) if deployed.name == CLICKHOUSE)
    environment = deployment.environment
    password = environment.cluster.secret(store.namespace, store.spec.secret).get(READER_PASSWORD, b"").decode()
    if not password:
        cause = f"the Secret {store.namespace}/{store.spec.secret} has no {READER_PASSWORD}"
        raise DatabaseError(
            "ClickHouse has no account for reading logs",
            context={"cause": cause},
            hint=f"devenv up --only {CLICKHOUSE}",
        )
    environment.mask(password)
    return replace(deployment.address(store), user=READER, password=password)


@contextmanager
def _asked(request: LogsRequest, session: Session) -> Iterator[tuple[Deployment, LogQuery]]:
    """The environment, and what is asked of it."""
    since = datetime.now(UTC) - _duration(request.since)
    _require_level(request.level)
    with reach(request.directory, session) as deployment:
        yield (
            deployment,
            LogQuery(
                since=since,
                search=request.search,
                stacks=labels_of(deployment, request.stacks),
                namespaces=frozenset(request.namespaces),
                pod=request.pod,
                level=request.level,
                limit=request.limit,
            ),
        )


def labels_of(deployment: Deployment, stacks: Collection[str]) -> frozenset[str]:
    """What the pods of stacks are labelled with; raises UsageError where one is none of the project's."""
    require_stacks(deployment.environment.workspace, stacks)
    return pod_labels(stacks, deployment.facts.releases)


def _require_level(level: str) -> None:
    if level and level not in LEVELS:
        raise UsageError(f"{level} is no level", hint=f"one of {', '.join(LEVELS)}")


def _duration(text: str) -> timedelta:
    try:
        found: timedelta = parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--since {text}: {error}", hint="devenv logs --since 1h") from error
    return found
