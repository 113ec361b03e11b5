"""What the kubelets are asked, and how their answers are read, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from support.http_server import Server
from support.plain_cluster import cluster_at

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.logs.entries import LogQuery
from devenv.logs.kubelet import MOST_LINES, read_kubelets

SINCE = datetime(2026, 11, 29, 10, tzinfo=UTC)
ALL = LogQuery(since=SINCE)


def pod(name: str, labels: dict[str, str], *, restarts: int = 0) -> dict[str, Any]:
    """A pod with one container, as the API server has it."""
    return {
        "metadata": {"namespace": "shop", "name": name, "labels": labels},
        "spec": {"nodeName": "node-1"},
        "status": {"containerStatuses": [{"name": "main", "restartCount": restarts}]},
    }


PODS = [
    pod("api-0", {"app.kubernetes.io/instance": "api"}, restarts=2),
    pod("db-0", {"app.kubernetes.io/instance": "release", "devenv.io/stack": "db"}),
    pod("waiting-0", {}),
]
LOGS = {
    ("api-0", "true"): '2026-11-29T10:00:00.5Z {"level":"error","msg":"before the restart"}\n',
    ("api-0", "false"): "2026-11-29T10:00:01.000000001Z one\n2026-11-29T10:00:01.000000002Z  two\n"
    "2026-11-29T10:00:03.000000002Z INFO thr\u2028ee\n",
    ("db-0", "false"): "2026-11-29T10:00:02Z WARNING slow\n",
}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with Server() as server:
        server.serve("/api/v1/pods", json.dumps({"items": PODS}).encode())
        for (name, previous), text in LOGS.items():
            asked = {
                "container": "main",
                "previous": previous,
                "timestamps": "true",
                "sinceTime": "2026-11-29T10:00:00Z",
                "tailLines": MOST_LINES,
            }
            server.serve(f"/api/v1/namespaces/shop/pods/{name}/log?{urlencode(asked)}", text.encode())
        with cluster_at(int(server.url.rpartition(":")[2]), tmp_path) as cluster:
            yield cluster


def messages(cluster: Cluster, query: LogQuery) -> list[str]:
    return [entry.message for entry in read_kubelets(cluster, query).entries]


BEFORE = '{"level":"error","msg":"before the restart"}'


def test_lines_of_all_containers_and_their_last_runs_come_in_order(cluster: Cluster) -> None:
    found = read_kubelets(cluster, ALL)
    assert [entry.message for entry in found.entries] == [BEFORE, "one\n two", "WARNING slow", "INFO thr\u2028ee"]
    assert [entry.stack for entry in found.entries] == ["api", "api", "db", "api"]
    assert [entry.level for entry in found.entries] == ["error", "", "warning", "info"]
    first = found.entries[0]
    assert (first.timestamp, first.node, first.container) == ("2026-11-29T10:00:00.500000000Z", "node-1", "main")
    assert first.fields == {"level": "error", "msg": "before the restart"}
    assert found.complete


def test_only_what_is_asked_for_comes(cluster: Cluster) -> None:
    assert messages(cluster, replace(ALL, search="THR")) == ["INFO thr\u2028ee"]
    assert messages(cluster, replace(ALL, stacks=frozenset({"db"}))) == ["WARNING slow"]
    assert messages(cluster, replace(ALL, pod="db")) == ["WARNING slow"]
    assert messages(cluster, replace(ALL, namespaces=frozenset({"other"}))) == []
    assert messages(cluster, replace(ALL, level="warning")) == [BEFORE, "WARNING slow"]


def test_of_many_lines_the_newest_come(cluster: Cluster) -> None:
    found = read_kubelets(cluster, replace(ALL, limit=2))
    assert [entry.message for entry in found.entries] == ["WARNING slow", "INFO thr\u2028ee"]
    assert not found.complete
