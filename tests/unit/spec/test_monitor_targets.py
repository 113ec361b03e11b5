"""Monitors that would read nothing are told of where that can be known."""

from __future__ import annotations

from typing import Any

from devenv.spec.checks.monitor_targets import Installed, target_warnings

Json = dict[str, Any]
SERVICE = {
    "kind": "Service",
    "metadata": {"name": "web", "labels": {"app": "web", "tier": "front"}},
    "spec": {"ports": [{"name": "http", "port": 80}, {"name": "metrics", "port": 9100}]},
}
POD: Json = {"metadata": {"labels": {"app": "job"}}, "spec": {"containers": [{"ports": [{"name": "metrics"}]}]}}


def monitor(spec: Json, kind: str = "ServiceMonitor") -> Json:
    endpoints = "endpoints" if kind == "ServiceMonitor" else "podMetricsEndpoints"
    return {"kind": kind, "metadata": {"name": "m"}, "spec": {endpoints: [{"port": "metrics"}], **spec}}


def warnings(*items: Json, known: tuple[str, ...] = ("web",)) -> list[str]:
    return list(target_warnings([Installed.of("web", "web", item) for item in items], known))


def labels(**matched: str) -> Json:
    return {"selector": {"matchLabels": matched}}


def test_a_monitor_that_matches_a_service_is_fine() -> None:
    expressions = [
        {"key": "tier", "operator": "In", "values": ["front"]},
        {"key": "app", "operator": "NotIn", "values": ["db"]},
        {"key": "app", "operator": "Exists"},
        {"key": "old", "operator": "DoesNotExist"},
    ]
    selectors = [labels(app="web"), {"selector": {}}, {"selector": {"matchExpressions": expressions}}]

    assert warnings(SERVICE, *map(monitor, selectors)) == []


def test_one_that_matches_none_is_told() -> None:
    said = "stack web: servicemonitor m: its selector matches no Service in web, so it reads nothing"
    assert warnings(SERVICE, monitor(labels(app="wbe"))) == [said]
    operators = (("In", ["back"]), ("NotIn", ["front"]), ("DoesNotExist", None))
    for operator, values in operators:
        wish = {"key": "tier", "operator": operator, "values": values}
        assert warnings(SERVICE, monitor({"selector": {"matchExpressions": [wish]}})) == [said]


def test_a_port_that_no_service_has_is_told() -> None:
    found = warnings(SERVICE, monitor({**labels(app="web"), "endpoints": [{"port": "metrcs"}, {"targetPort": 1}]}))
    assert found == [
        "stack web: servicemonitor m: no Service that it matches has a port named metrcs: did you mean metrics?"
    ]


def test_where_others_put_services_too_nobody_is_blamed() -> None:
    for more in ({"namespaceSelector": {"any": True}}, {"namespaceSelector": {"matchNames": ["web", "database"]}}):
        assert warnings(monitor({**labels(app="db"), **more})) == []
    assert warnings(monitor(labels(app="db")), known=()) == []


def test_a_pod_monitor_looks_at_the_pods_of_workloads() -> None:
    deployment = {"kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": POD}}
    cron_job = {"kind": "CronJob", "metadata": {"name": "a"}, "spec": {"jobTemplate": {"spec": {"template": POD}}}}
    pod = {"kind": "Pod", **POD, "metadata": {**POD["metadata"], "name": "a"}}
    for workload in (deployment, cron_job, pod):
        assert warnings(workload, monitor(labels(app="job"), "PodMonitor")) == []
        (found,) = warnings(workload, monitor(labels(app="web"), "PodMonitor"))
        assert "matches no workload in web" in found
