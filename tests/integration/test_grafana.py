"""The chart of Grafana, which cannot be run here: what it would read when it starts, held to what Grafana documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field
from support.programs import require_tool

from devenv.adapters.charts.helm import ChartRelease, Helm
from devenv.adapters.files.paths import data_root
from devenv.adapters.kubernetes.manifests import documents
from devenv.grafana.__main__ import MADE
from devenv.grafana.panels import SOURCE

Json = dict[str, Any]
STACK = data_root() / "stacks" / "03-observability" / "grafana"


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PrometheusSettings(Strict):
    """Of https://grafana.com/docs/grafana/latest/datasources/prometheus/configure/#provision-the-data-source."""

    httpMethod: Literal["POST", "GET"]  # noqa: N815 -- Grafana's name
    timeInterval: str  # noqa: N815
    manageAlerts: bool  # noqa: N815


class Source(Strict):
    name: str
    uid: str = Field(max_length=40, pattern=r"^[a-zA-Z0-9_-]+$")
    type: Literal["prometheus"]
    access: Literal["proxy"]
    url: str = Field(pattern=r"^http://[a-z.-]+:\d+$")
    isDefault: bool  # noqa: N815
    editable: bool
    jsonData: PrometheusSettings  # noqa: N815


class Sources(Strict):
    """Of https://grafana.com/docs/grafana/latest/administration/provisioning/#data-sources."""

    apiVersion: Literal[1]  # noqa: N815
    datasources: list[Source]


class Folder(Strict):
    path: str = Field(pattern="^/")


class Provider(Strict):
    name: str
    folder: str
    type: Literal["file"]
    disableDeletion: bool  # noqa: N815
    allowUiUpdates: bool  # noqa: N815
    updateIntervalSeconds: int = Field(default=10, ge=1)  # noqa: N815
    options: Folder


class Providers(Strict):
    """Of https://grafana.com/docs/grafana/latest/administration/provisioning/#dashboards."""

    apiVersion: Literal[1]  # noqa: N815
    providers: list[Provider]


def rendered(scratch: Path, **values: Any) -> dict[tuple[str, str], Json]:
    helm = Helm(require_tool("helm"), scratch / "kubeconfig")
    text = helm.template(ChartRelease("grafana", "grafana", str(STACK / "chart"), json.dumps(values)))
    return {(item["kind"], item["metadata"]["name"]): item for item in documents(text)}


@pytest.fixture
def made(tmp_path: Path) -> dict[tuple[str, str], Json]:
    values = yaml.safe_load((STACK / "stack.yaml").read_text())["alongside"]
    services = {name: True for more in values.values() for name in more["values"]["services"]}
    return rendered(tmp_path, services=services)


def test_what_is_provisioned_is_what_grafana_documents(made: dict[tuple[str, str], Json]) -> None:
    data = made["ConfigMap", "grafana-provisioning"]["data"]
    (source,) = Sources.model_validate(yaml.safe_load(data["datasources.yaml"])).datasources
    providers = Providers.model_validate(yaml.safe_load(data["dashboards.yaml"])).providers

    assert {"type": source.type, "uid": source.uid} == SOURCE
    assert source.url == "http://prometheus.monitoring:9090"
    (grafana, follower) = made["Deployment", "grafana"]["spec"]["template"]["spec"]["containers"]
    mounted = {mount["mountPath"] for mount in grafana["volumeMounts"]}
    assert {provider.options.path for provider in providers} <= mounted
    assert {f"/etc/grafana/provisioning/{Path(name).stem}/{name}" for name in data} <= mounted
    assert follower["args"] == ["follow", "grafana_dashboard=1", providers[1].options.path]


def test_each_dashboard_is_there_where_its_service_is(made: dict[tuple[str, str], Json], tmp_path: Path) -> None:
    data = made["ConfigMap", "grafana-dashboards"]["data"]
    assert {name: json.loads(text) for name, text in data.items()} == {
        file.name: json.loads(file.read_text()) for file in MADE.glob("*.json")
    }
    # A ConfigMap takes 1 MiB.
    assert sum(map(len, data.values())) < 900_000
    few = rendered(tmp_path, services={"mysql": True})["ConfigMap", "grafana-dashboards"]["data"]
    assert few.keys() == {f"{n}.json" for n in ("cluster", "containers", "devenv", "mysql", "nodes", "traefik")}
    home = settings(made)["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home).name in few


def settings(made: dict[tuple[str, str], Json]) -> dict[str, str]:
    (grafana, _) = made["Deployment", "grafana"]["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry["value"] for entry in grafana["env"]}


def test_everybody_may_look_and_nobody_logs_in_and_it_asks_nobody_outside(made: dict[tuple[str, str], Json]) -> None:
    given = settings(made)
    assert (given["GF_AUTH_ANONYMOUS_ENABLED"], given["GF_AUTH_ANONYMOUS_ORG_ROLE"]) == ("true", "Viewer")
    assert given["GF_AUTH_DISABLE_LOGIN_FORM"] == "true"
    assert given["GF_AUTH_BASIC_ENABLED"] == "false"
    assert given["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    for name in ("ANALYTICS_REPORTING_ENABLED", "ANALYTICS_CHECK_FOR_UPDATES", "PLUGINS_PREINSTALL_AUTO_UPDATE"):
        assert given[f"GF_{name}"] == "false"
    assert given["GF_PLUGINS_PREINSTALL_DISABLED"] == "true"


def test_the_follower_alone_has_the_token(made: dict[tuple[str, str], Json]) -> None:
    spec = made["Deployment", "grafana"]["spec"]["template"]["spec"]
    assert spec["automountServiceAccountToken"] is False
    with_token = [c["name"] for c in spec["containers"] if any(m["name"] == "account" for m in c["volumeMounts"])]
    assert with_token == ["follower"]
    (rule,) = made["ClusterRole", "grafana"]["rules"]
    assert rule == {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}


@pytest.mark.parametrize(("limit", "memory"), [("384Mi", "307MiB"), ("1Gi", "819MiB"), ("1.5Gi", "1228MiB")])
def test_go_is_told_to_stay_below_the_limit(tmp_path: Path, limit: str, memory: str) -> None:
    resources = {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"cpu": "1", "memory": limit}}
    assert settings(rendered(tmp_path, resources=resources))["GOMEMLIMIT"] == memory
