"""The observed environment with both lighter engines in place of the first: the same questions, the same answers."""

from __future__ import annotations

import json

import pytest
from support.dashboards import DashboardsPage, all_queries
from support.environment import Project, Result
from support.prometheus import JOBS, Monitoring
from support.waiting import await_true

pytestmark = pytest.mark.e2e
ENGINES = {"monitoring": "victoria-metrics", "logs": "victoria-logs"}


@pytest.fixture(scope="module")
def lighter(observed: Project) -> Project:
    """Switched where it is; what comes after takes it away."""
    stacks = [
        {**stack, "values": {"engine": ENGINES[stack["name"]]}} if stack["name"] in ENGINES else stack
        for stack in observed.spec["stacks"]
    ]
    observed.write_spec({**observed.spec, "stacks": stacks})
    observed.devenv("up", "--yes")
    return observed


@pytest.fixture(scope="module")
def monitoring(lighter: Project) -> Monitoring:
    return Monitoring(lighter)


def test_a_line_is_found_by_the_command_and_by_the_page(lighter: Project, monitoring: Monitoring) -> None:
    def found() -> list[str]:
        return [entry["message"] for entry in json.loads(searched().stdout)]

    def searched() -> Result:
        return lighter.devenv("logs", "--search", "victorialogs", "--stack", "logs", "--json")

    await_true(lambda: bool(found()), 30)
    assert "kubelets" not in searched().stderr
    asked = {"stack": "logs", "search": "victorialogs", "minutes": "60"}
    assert {row["message"] for row in monitoring.get("dashboards", "/api/logs", **asked)} <= set(found())


def test_a_database_at_zero_is_told_within_45_seconds_and_comes_back(lighter: Project) -> None:
    namespace = next(stack["namespace"] for stack in lighter.status()["stacks"] if stack["name"] == "redis")
    scale = ("--namespace", namespace, "scale", "statefulset/redis", "--replicas")

    def told() -> set[tuple[str, str]]:
        alerts = json.loads(lighter.devenv("alerts", "--json").stdout)
        return {(alert["name"], alert["labels"].get("workload", "")) for alert in alerts}

    alert = ("WorkloadAtZero", "statefulset/redis")
    assert alert not in told()
    lighter.kubectl(*scale, "0")
    try:
        await_true(lambda: alert in told(), 45)
    finally:
        lighter.kubectl(*scale, "1")
    await_true(lambda: alert not in told(), 60)


def test_every_target_answers(monitoring: Monitoring) -> None:
    expected = JOBS | {"victoria-metrics", "vmalert"}
    await_true(lambda: {series["metric"].get("job") for series in monitoring.query("up == 1")} >= expected, 60)
    await_true(lambda: not monitoring.unhealthy(), 60)


def test_every_panel_of_every_dashboard_has_data(lighter: Project) -> None:
    DashboardsPage(lighter).await_data(all_queries(), 120)
