"""Telling the project's Prometheus what a run did: how long it and each of its steps took, and how they ended.

Nothing waits for it and nothing fails by it. The form is OpenTelemetry's:
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.prometheus import push
from devenv.plan.plan import Plan
from devenv.runtime.environment import Environment
from devenv.runtime.run.scheduler import RunReport, TaskState
from devenv.spec.monitors import MONITORING, engine_of


def tell_prometheus(plan: Plan, report: RunReport, command: str, environment: Environment) -> None:
    """Push what became of a run, where the project has monitoring."""
    if MONITORING in environment.workspace.selected and report.results:
        values = environment.workspace.stacks[MONITORING].spec.values
        push(as_otlp(plan, report, command, time.time_ns()), lambda: environment.cluster, engine=engine_of(values))


def as_otlp(plan: Plan, report: RunReport, command: str, now: int) -> Json:
    """A run's report as a request of OpenTelemetry's metrics; `now` is in nanoseconds since 1970."""
    groups = {node.key: node.step.group for node in plan.nodes}
    succeeded = all(result.state is TaskState.SUCCEEDED for result in report.results.values())
    run = {"command": command, "result": "succeeded" if succeeded else "failed"}
    steps = [
        _point(
            result.seconds,
            {
                "command": command,
                "step": key,
                "kind": key.partition("/")[0],
                "group": groups.get(key, ""),
                "result": str(result.state),
            },
            now,
        )
        for key, result in report.results.items()
        if result.started is not None
    ]
    metrics = [
        {"name": "devenv.run.duration", "unit": "s", "gauge": {"dataPoints": [_point(report.seconds, run, now)]}},
        {"name": "devenv.step.duration", "unit": "s", "gauge": {"dataPoints": steps}},
    ]
    resource = {"attributes": _attributes({"service.name": "devenv"})}
    return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": metrics}]}]}


def _point(value: float, attributes: Mapping[str, str], now: int) -> Json:
    return {"asDouble": value, "timeUnixNano": str(now), "attributes": _attributes(attributes)}


def _attributes(values: Mapping[str, str]) -> list[Json]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]
