"""What stacks write, told as events, for as long as somebody works on them."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from devenv.events import Emit, Logged
from devenv.logs.entries import LogEntry, LogQuery, pod_labels
from devenv.logs.following import following
from devenv.logs.lines import stamp_in_utc
from devenv.runtime.environment import Environment
from devenv.workflows.access.session import Session


@contextmanager
def watched_logs(environment: Environment, stacks: Collection[str], session: Session) -> Iterator[None]:
    """Emit each line of these stacks' pods from now on, for the length of a block; raises ApiUnreachableError."""
    cluster, now = environment.cluster, datetime.now(UTC)
    query = LogQuery(now, stacks=pod_labels(stacks, cluster.releases()))
    with following(cluster, query, stamp_in_utc(now.isoformat())) as coming:
        threading.Thread(target=_tell, args=(coming, session.emit), name="logs", daemon=True).start()
        yield


def _tell(coming: Iterable[LogEntry], emit: Emit) -> None:
    for entry in coming:
        emit(
            Logged(
                entry.timestamp, entry.namespace, entry.pod, entry.container, entry.stack, entry.level, entry.message
            )
        )
