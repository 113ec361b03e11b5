"""Logs in VictoriaLogs, where the stack `logs` has it for its engine; behind the API server's proxy.

Responsible for the question in LogsQL: https://docs.victoriametrics.com/victorialogs/logsql/
"""

from __future__ import annotations

import json
import re
from typing import Any

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.errors import ApiRefusedError, DatabaseError
from devenv.logs.entries import FoundLogs, LogEntry, LogQuery, newest
from devenv.logs.lines import fields_of, stamp_in_utc

_SERVER = "api/v1/namespaces/{namespace}/services/victoria-logs:http/proxy"
_SECONDS = 60.0
_KEY = ("_time", "pod_uid", "container", "restart", "offset")
"""What no two lines have in common."""
_FIELDS = "_time, _msg, namespace, pod, container, node, stack, level, pod_uid, restart, offset"


def read_victoria_logs(cluster: Cluster, namespace: str, query: LogQuery) -> FoundLogs:
    """The lines that VictoriaLogs has.

    Args:
        cluster: where it runs.
        namespace: of the stack.
        query: which lines.

    Raises:
        DatabaseError: it does not answer, or refuses the question.
        ApiUnreachableError: the API server does not answer.
    """
    path = f"{_SERVER.format(namespace=namespace)}/select/logsql/query"
    try:
        text = cluster.read(path, timeout=_SECONDS, query=question(query), limit=str(query.limit + 1))
    except ApiRefusedError as error:
        raise DatabaseError(
            "VictoriaLogs does not answer", context={"cause": error.message}, hint="devenv status"
        ) from error
    return found_in(text, query.limit)


def found_in(text: str, limit: int) -> FoundLogs:
    """The lines of an answer: the newest ones in any order, and one more than is asked for where there are more.

    A line that was sent twice, since nobody knew whether it had arrived, is there twice.
    """
    # Not splitlines(), which takes other characters for ends of lines too.
    rows = [json.loads(line) for line in text.split("\n") if line]
    known = {tuple(row.get(key, "") for key in _KEY): row for row in rows}
    ordered = sorted(known.values(), key=lambda row: int(row.get("offset", 0)))
    found = newest([_entry(row) for row in ordered], limit)
    return FoundLogs(found.entries, complete=len(rows) <= limit)


def question(query: LogQuery) -> str:
    """What is asked; the dashboards' page asks the same (log-collector/victorialogs.go of the stack)."""
    filters = [f"_time:>={query.since:%Y-%m-%dT%H:%M:%S.%f}Z"]
    choices = {"stack": query.stacks, "namespace": query.namespaces, "level": query.levels}
    filters += [f"{name}:in({','.join(map(_quoted, sorted(values)))})" for name, values in choices.items() if values]
    if query.pod:
        filters.append(f"pod:={_quoted(query.pod)}*")
    if query.search:
        filters.append(f"_msg:~{_quoted(f'(?i){re.escape(query.search)}')}")
    return f"{' '.join(filters)} | fields {_FIELDS}"


def _quoted(text: str) -> str:
    """As a string of Go's, which has the escapes of JSON too."""
    return json.dumps(text, ensure_ascii=False)


def _entry(row: dict[str, Any]) -> LogEntry:
    message = row.get("_msg", "")
    places = {name: row.get(name, "") for name in ("namespace", "pod", "container", "node", "stack", "level")}
    # What is empty is not kept there, so the fields are read out of the line.
    return LogEntry(timestamp=stamp_in_utc(row["_time"]), message=message, fields=fields_of(message), **places)
