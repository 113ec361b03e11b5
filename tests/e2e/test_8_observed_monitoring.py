"""Monitoring in the observed environment: what it reads, how soon it tells, and what users add."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.environment import Project
from support.prometheus import JOBS, Monitoring
from support.waiting import await_true

pytestmark = pytest.mark.e2e
SERVICES = (
    'pg_up{stack="postgres"} == 1',
    'pg_up{stack="auth-postgres"} == 1',
    'pg_up{stack="kratos-postgres"} == 1',
    'pg_database_size_bytes{stack="postgres", datname="alt"}',
    'database:connections:ratio{stack="postgres"} > 0',
    'pg_stat_activity_max_tx_duration{stack="postgres"}',
    "mysql_up == 1",
    'database:connections:ratio{stack="mysql"} > 0',
    "redis_up == 1",
    'database:connections:ratio{stack="redis"} > 0',
    "redis_memory_used_bytes and redis_memory_max_bytes",
    "redis_evicted_keys_total",
    "gnatsd_varz_slow_consumers",
    'database:connections:ratio{stack="nats"}',
    "gnatsd_varz_jetstream_stats_storage / gnatsd_varz_jetstream_config_max_storage",
    "jetstream_server_total_streams",
    "ClickHouseProfileEvents_SelectQuery > 0",
    "ClickHouseProfileEvents_DelayedInserts",
    'traefik_router_requests_total{code="200"} > 0',
    "traefik_router:errors:ratio_rate2m",
    'externalsecret_status_condition{exported_namespace!="", condition="Ready", status="True"} == 1',
)
"""Of every exporter that it reaches its server, and what rules ask for."""
USERS = """
apiVersion: v1
kind: Namespace
metadata: {name: users}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: own, namespace: users, labels: {release: some-other-installation}}
spec:
  namespaceSelector: {matchNames: [monitoring]}
  selector: {matchLabels: {app.kubernetes.io/name: kube-state-metrics}}
  podMetricsEndpoints: [{port: telemetry, interval: 5s}]
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: own, namespace: users}
spec:
  groups: [{name: own, rules: [{alert: OwnAlert, expr: vector(1), labels: {namespace: users, severity: warning}}]}]
---
apiVersion: monitoring.coreos.com/v1alpha1
kind: AlertmanagerConfig
metadata: {name: own, namespace: users}
spec:
  route: {receiver: own}
  receivers: [{name: own}]
"""


@pytest.fixture(scope="module")
def monitoring(observed: Project) -> Monitoring:
    return Monitoring(observed)


@pytest.fixture
def users(observed: Project, tmp_path: Path) -> Iterator[None]:
    """A monitor, a rule and a route of a user, who knows nothing of this installation."""
    file = tmp_path / "users.yaml"
    file.write_text(USERS)
    observed.kubectl("apply", "-f", str(file))
    yield
    observed.kubectl("delete", "-f", str(file), "--wait=false")


def test_every_target_answers_and_nothing_is_told(monitoring: Monitoring) -> None:
    await_true(lambda: {s["metric"].get("job") for s in monitoring.query("up == 1")} >= JOBS | {"prometheus"}, 60)
    await_true(lambda: not monitoring.unhealthy(), 60)
    assert monitoring.query("up == 0") == []
    assert monitoring.query('ALERTS{alertstate="firing"}') == []


def test_what_rules_ask_for_is_there(monitoring: Monitoring) -> None:
    """The series are few, so that one which a rule names must not be among those that are dropped."""
    for series in (
        'workload:replicas:ready{stack="traefik"}',
        "node_filesystem_avail_bytes{mountpoint='/var'}",
        "node_memory_MemAvailable_bytes",
        'container_memory_working_set_bytes{namespace="monitoring", container="prometheus"}',
        "kube_pod_container_status_restarts_total",
        "prometheus_rule_evaluation_failures_total",
        "alertmanager_notifications_failed_total",
        "etcd_server_has_leader",
        "apiserver_request_total",
        "scrape_samples_post_metric_relabeling",
    ):
        await_true(lambda name=series: bool(monitoring.query(name)), 30)  # type: ignore[misc]


def test_what_devenv_did_is_told(observed: Project, monitoring: Monitoring) -> None:
    observed.devenv("reset-db", "redis", "--yes")
    for series in (
        'last_over_time(devenv_run_duration_seconds{job="devenv", command="reset-db", result="succeeded"}[5m]) > 0',
        'last_over_time(devenv_step_duration_seconds{command="reset-db", step=~".*redis.*", result="succeeded"}[5m])',
    ):
        await_true(lambda asked=series: bool(monitoring.query(asked)), 10)  # type: ignore[misc]


@pytest.mark.parametrize("series", SERVICES)
def test_what_services_do_is_told(monitoring: Monitoring, series: str) -> None:
    await_true(lambda: bool(monitoring.query(series)), 60)


def test_what_pods_take_is_shown_by_kubectl_top(observed: Project) -> None:
    assert "prometheus-main-0" in observed.kubectl("top", "pods", "--namespace", "monitoring")


@pytest.mark.usefixtures("users")
def test_monitors_rules_and_routes_of_users_are_taken_as_they_are(monitoring: Monitoring) -> None:
    await_true(lambda: bool(monitoring.query('up{job="users/own"} == 1')), 60)
    await_true(lambda: ("OwnAlert", "users") in monitoring.firing(), 60)
    await_true(lambda: "users/own/own" in monitoring.get("alertmanager", "/api/v2/status")["config"]["original"], 60)


def test_an_alert_reaches_alertmanager_within_45_seconds_and_goes_again(
    observed: Project, monitoring: Monitoring
) -> None:
    alert = ("WorkloadAtZero", "monitoring")
    assert alert not in monitoring.firing()
    scale = ("--namespace", "monitoring", "scale", "deployment/metrics-server", "--replicas")
    observed.kubectl(*scale, "0")
    try:
        await_true(lambda: alert in monitoring.firing(), 45)
    finally:
        observed.kubectl(*scale, "1")
    await_true(lambda: alert not in monitoring.firing(), 60)
