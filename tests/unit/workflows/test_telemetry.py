"""What a run did is told to Prometheus, in its own words, and no run waits or fails for it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from support.plain_cluster import cluster_at

from devenv.adapters.kubernetes.cluster import Cluster
from devenv.adapters.kubernetes.prometheus import as_datadog, push
from devenv.errors import ImageError
from devenv.plan.plan import Plan, PlanNode
from devenv.plan.steps import FetchModule, StartCluster
from devenv.runtime.run.scheduler import RunReport, TaskResult, TaskState
from devenv.workflows.run.telemetry import as_otlp

START = StartCluster("shop")
FETCH = FetchModule("example.org/charts", "v1", "h1:", "")
PLAN = Plan.of("shop", "shop", [PlanNode(START, frozenset(), "stopped"), PlanNode(FETCH, frozenset(), "missing")])


def report(fetched: TaskResult) -> RunReport:
    results = {START.key: TaskResult(TaskState.SUCCEEDED, 0.0, 1.5), FETCH.key: fetched}
    return RunReport(results, (START.key,), 1.5, 2.5)


def points(told: dict[str, Any]) -> dict[str, list[tuple[float, dict[str, str]]]]:
    (resource,) = told["resourceMetrics"]
    (scope,) = resource["scopeMetrics"]
    return {
        metric["name"]: [
            (point["asDouble"], {a["key"]: a["value"]["stringValue"] for a in point["attributes"]})
            for point in metric["gauge"]["dataPoints"]
        ]
        for metric in scope["metrics"]
    }


def test_a_run_and_each_step_that_was_begun_are_told() -> None:
    told = points(as_otlp(PLAN, report(TaskResult(TaskState.FAILED, 0.1, 0.2, ImageError("no"))), "up", 7))
    assert told["devenv.run.duration"] == [(2.5, {"command": "up", "result": "failed"})]
    assert told["devenv.step.duration"] == [
        (
            1.5,
            {
                "command": "up",
                "step": START.key,
                "kind": START.key.partition("/")[0],
                "group": START.group,
                "result": "succeeded",
            },
        ),
        (
            0.2,
            {
                "command": "up",
                "step": FETCH.key,
                "kind": FETCH.key.partition("/")[0],
                "group": FETCH.group,
                "result": "failed",
            },
        ),
    ]
    skipped = points(as_otlp(PLAN, report(TaskResult(TaskState.SKIPPED, None, 0.0)), "up", 7))
    assert [attributes["step"] for _, attributes in skipped["devenv.step.duration"]] == [START.key]


@contextmanager
def receiver(status: int) -> Iterator[tuple[int, list[tuple[str, Any]]]]:
    """An API server in front of a receiver that answers with a status; the port, and what it was given."""
    given: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_port, given
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_victoria_metrics_is_told_the_same_series_in_a_form_that_it_takes_as_json(tmp_path: Path) -> None:
    told = as_otlp(PLAN, report(TaskResult(TaskState.FAILED, 0.1, 0.2, ImageError("no"))), "up", 7_500_000_000)
    with receiver(202) as (port, given):
        push(told, lambda: cluster_at(port, tmp_path), engine="victoria-metrics")
    assert given == [
        ("/api/v1/namespaces/monitoring/services/prometheus:http/proxy/datadog/api/v2/series", as_datadog(told))
    ]
    run, *steps = as_datadog(told)["series"]
    assert run == {
        "metric": "devenv_run_duration_seconds",
        "points": [{"timestamp": 7, "value": 2.5}],
        "tags": ["job:devenv", "command:up", "result:failed"],
    }
    assert [(s["metric"], s["points"][0]["value"], s["tags"][2]) for s in steps] == [
        ("devenv_step_duration_seconds", 1.5, f"step:{START.key}"),
        ("devenv_step_duration_seconds", 0.2, f"step:{FETCH.key}"),
    ]


@pytest.mark.parametrize("status", [200, 404, 503])
def test_it_goes_to_the_receiver_behind_the_api_server_whatever_that_answers(status: int, tmp_path: Path) -> None:
    told = as_otlp(PLAN, report(TaskResult(TaskState.SUCCEEDED, 0.1, 0.2)), "up", 7)
    with receiver(status) as (port, given):
        push(told, lambda: cluster_at(port, tmp_path))
    ((path, body),) = given
    assert path == "/api/v1/namespaces/monitoring/services/prometheus:http/proxy/api/v1/otlp/v1/metrics"
    assert body == told


def test_nobody_waits_for_one_that_does_not_answer(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        push({}, lambda: cluster_at(silent.getsockname()[1], tmp_path))
        assert 0.4 < time.monotonic() - began < 2


def test_where_there_is_no_cluster_nobody_is_told(tmp_path: Path) -> None:
    push({}, lambda: Cluster(tmp_path / "none"))
