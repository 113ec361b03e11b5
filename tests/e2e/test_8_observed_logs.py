"""Logs in the observed environment: what a pod writes, while it is there and gone, with ClickHouse away.

Who reads them can only read.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.databases import address_of
from support.environment import Project
from support.prometheus import Monitoring
from support.read_only import CHANGES, LEAKS, refusal_of
from support.waiting import await_true

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.databases.address import Address
from devenv.errors import DatabaseError
from devenv.logs.entries import LogEntry, LogQuery
from devenv.logs.kubelet import read_kubelets
from devenv.logs.stored import read_stored

pytestmark = pytest.mark.e2e
LINES = 3000
SCRIPT = f"""
i=0; while [ $i -lt {LINES} ]; do echo "storm $i"; i=$((i+1)); done
head -c 40000 /dev/zero | tr '\\0' x; echo
echo '{{"level":"error","msg":"it failed","http":{{"status":500}}}}'
printf 'Traceback (most recent call last):\\n  File "shop.py", line 1\\nValueError: no\\n'
echo 'the end'
"""
ENTRIES = LINES + 4
NAMESPACE = ("--namespace", "alt-analytics")
LABELS = {"app.kubernetes.io/instance": "storm"}


@pytest.fixture
def cluster(observed: Project) -> Iterator[Cluster]:
    with Cluster(Path(observed.devenv("kubeconfig").stdout.strip())) as made:
        yield made


@pytest.fixture
def address(observed: Project) -> Address:
    """ClickHouse's, as whom logs are read; it stays the same while it is away."""
    path = "jsonpath={.data.reader_password}"
    password = b64decode(observed.kubectl("get", "secret/clickhouse", *NAMESPACE, "--output", path)).decode()
    return replace(address_of(observed, "clickhouse"), user="reader", password=password)


def scale_clickhouse(observed: Project, replicas: int) -> None:
    observed.kubectl("scale", "statefulset/clickhouse", *NAMESPACE, f"--replicas={replicas}")
    observed.kubectl("rollout", "status", "statefulset/clickhouse", *NAMESPACE, "--timeout=120s")


@pytest.fixture
def storm(observed: Project, address: Address, tmp_path: Path) -> Iterator[LogQuery]:
    """A pod that has written all and ended, while ClickHouse is away; yields what asks for its lines."""
    assert address.port
    began = datetime.now(UTC)
    path = "jsonpath={.spec.template.spec.containers[0].image}"
    image = observed.kubectl("get", "statefulset/clickhouse", *NAMESPACE, "--output", path)
    container = {"name": "main", "image": image, "command": ["sh", "-c", SCRIPT]}
    manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "storm", "namespace": "default", "labels": LABELS},
        "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [container]},
    }
    file = tmp_path / "storm.json"
    file.write_text(json.dumps(manifest))
    scale_clickhouse(observed, 0)
    observed.kubectl("apply", "--filename", str(file))
    observed.kubectl("wait", "pod/storm", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=120s")
    yield LogQuery(since=began - timedelta(seconds=1), stacks=frozenset({"storm"}), limit=10 * LINES)
    scale_clickhouse(observed, 1)
    observed.kubectl("delete", "--filename", str(file), "--ignore-not-found", "--wait=false")


def stored(address: Address, query: LogQuery) -> tuple[LogEntry, ...]:
    """What ClickHouse has; nothing while it is away."""
    try:
        return read_stored(address, query).entries
    except DatabaseError:
        return ()


def shown(observed: Project, *arguments: str) -> list[dict[str, Any]]:
    """What the command prints."""
    found: list[dict[str, Any]] = json.loads(observed.devenv("logs", *arguments, "--json").stdout)
    return found


def test_what_a_pod_wrote_is_there_once_from_both_sides_and_stays(
    observed: Project, address: Address, cluster: Cluster, storm: LogQuery
) -> None:
    without = observed.devenv("logs", "--pod", "storm", "--search", "It failed", "--json")
    assert "these are the lines that the kubelets still have" in without.stderr
    (from_kubelet,) = json.loads(without.stdout)
    scale_clickhouse(observed, 1)
    found: list[tuple[LogEntry, ...]] = [()]

    def all_there() -> bool:
        found[0] = stored(address, storm)
        return len(found[0]) >= ENTRIES

    await_true(all_there, 120)
    assert [entry.message for entry in found[0][:LINES]] == [f"storm {i}" for i in range(LINES)]
    long, parsed, trace, end = found[0][LINES:]
    assert long.message == "x" * 40000
    assert (parsed.level, parsed.fields["http.status"]) == ("error", "500")
    assert trace.message == 'Traceback (most recent call last):\n  File "shop.py", line 1\nValueError: no'
    assert end.message == "the end"
    assert read_kubelets(cluster, storm).entries == found[0]

    observed.kubectl("delete", "pod/storm", "--namespace", "default")
    observed.devenv("reset-db", "clickhouse", "--yes")
    row, *_ = shown(observed, "--search", "IT FAILED", "--namespace", "default", "--pod", "storm", "--limit", "1")
    assert (row["stack"], row["level"], row["message"]) == ("storm", "error", parsed.message)
    assert row == from_kubelet
    assert shown(observed, "--level", "error", "--pod", "storm", "--limit", "2") == [row, {**row, **_told(trace)}]


def _told(entry: LogEntry) -> dict[str, Any]:
    return {"timestamp": entry.timestamp, "level": entry.level, "message": entry.message, "fields": dict(entry.fields)}


def test_who_reads_logs_can_change_nothing(observed: Project, address: Address) -> None:
    login = (address.user, address.password)
    with httpx2.Client(base_url=f"http://{address.host}:{address.port}", auth=login, trust_env=False) as client:
        assert client.post("/", content="SELECT count() > 0 FROM logs.lines").text == "1\n"
        for statement in CHANGES:
            assert refusal_of(client, "POST", statement.format(table="logs.lines")) == "164", statement
        for statement in LEAKS:
            assert refusal_of(client, "POST", statement), statement
    assert observed.devenv("db", "url", "clickhouse").stdout.count(address.password) == 0


def test_lines_of_a_stack_are_shown_and_unknown_names_refused(observed: Project) -> None:
    rows = shown(observed, "--stack", "traefik", "--since", "24h")
    assert {row["stack"] for row in rows} == {"traefik"}
    plain = observed.devenv("logs", "--stack", "traefik", "--since", "24h", "--limit", "1")
    assert f"traefik/{rows[-1]['pod']}/" in plain.stdout
    refused = observed.devenv("logs", "--stack", "traefk", expect=2)
    assert "traefk is no stack of this project" in refused.stderr
    assert "traefik" in refused.stderr
    assert "--since soon" in observed.devenv("logs", "--since", "soon", expect=2).stderr
    assert "fatal" in observed.devenv("logs", "--level", "bad", expect=2).stderr


def test_the_dashboards_page_shows_the_newest_lines(observed: Project) -> None:
    rows = Monitoring(observed).get("dashboards", "/api/logs", stack="traefik", search="GET", minutes="60")
    assert rows
    assert {(row["stack"], "GET" in row["message"].upper()) for row in rows} == {("traefik", True)}
    assert [row["second"] for row in rows] == sorted((row["second"] for row in rows), reverse=True)
