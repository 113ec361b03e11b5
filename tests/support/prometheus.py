"""Prometheus (or VictoriaMetrics) and Alertmanager, asked as a person's browser asks them: through Traefik."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode, urljoin

from support.environment import Project
from support.loopback import good_answer

Json = dict[str, Any]
JOBS = frozenset(
    {
        "kubelet",
        "apiserver",
        "kube-dns",
        "etcd",
        "kube-state-metrics",
        "node-exporter",
        "alertmanager",
        "prometheus-operator",
        "postgres",
        "mysql",
        "redis",
        "nats",
        "clickhouse",
        "traefik",
        "external-secrets",
    }
)
"""What is read in the end-to-end tests' environment, beside the engine itself."""


class Monitoring:
    """The two servers of an environment that is up."""

    def __init__(self, environment: Project) -> None:
        report = environment.status()
        assert report["cluster"]["state"] == "running", report["cluster"]
        self._urls = {str(e["name"]): str(e["url"]) for e in report["endpoints"]}

    def get(self, endpoint: str, path: str, **query: str) -> Any:
        """What an endpoint answers, from JSON."""
        return json.loads(good_answer(f"{urljoin(self._urls[endpoint], path)}?{urlencode(query)}"))

    def query(self, expression: str) -> list[Json]:
        """The series that an expression gives now; each has `metric` and `value`."""
        found: list[Json] = self.get("prometheus", "/api/v1/query", query=expression)["data"]["result"]
        return found

    def unhealthy(self) -> dict[str, str]:
        """The targets that do not answer, and why."""
        targets = self.get("prometheus", "/api/v1/targets", state="active")["data"]["activeTargets"]
        assert targets
        return {t["scrapeUrl"]: t["lastError"] or t["health"] for t in targets if t["health"] != "up"}

    def firing(self) -> set[tuple[str, str]]:
        """Name and namespace of the alerts that have reached Alertmanager and are not resolved."""
        alerts = self.get("alertmanager", "/api/v2/alerts", active="true")
        return {(a["labels"]["alertname"], a["labels"].get("namespace", "")) for a in alerts}
