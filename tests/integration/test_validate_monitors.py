"""Rules, monitors and dashboards that Helm and kubectl make: what is wrong is told at the line it was written on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from support.programs import require_tool

from devenv.adapters.process import Completed, run

STACK = """\
name: web
layer: 04-apps
summary: A web
namespace: web
version: "1"
sources:
  - {source}
"""
RULE = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {{ .Release.Name }}
spec:
  groups:
    - name: web
      rules:
        - alert: WebSlow
          expr: rate(requests_total[5m]) > {{ .Values.slow }}
        - alert: WebBroken
          expr: rte(errors_total[5m])
        - alert: WebFull
          expr: {{ .Values.full | quote }}
"""


def dashboard(duration: str) -> str:
    spec = {"duration": duration, "panels": {}, "layouts": []}
    return json.dumps({"kind": "Dashboard", "metadata": {"name": "web"}, "spec": spec}, indent=2)


def project(root: Path, files: dict[str, str], source: str = "chart: {path: chart}") -> Path:
    stack = root / "stacks" / "04-apps" / "web"
    chart = {"chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n"} if "chart" in source else {}
    files = {"stack.yaml": STACK.format(source=source), **chart, **files}
    for name, text in files.items():
        (stack / name).parent.mkdir(parents=True, exist_ok=True)
        (stack / name).write_text(text)
    (root / "devenv.yaml").write_text("project: shop\nstacks: [{name: web}]\nstack_paths: [stacks]\n")
    return root


def validate(root: Path) -> Completed:
    require_tool("helm")
    require_tool("kubectl")
    return run([sys.executable, "-m", "devenv", "validate", "--json"], cwd=root, check=False)


def problems(root: Path) -> list[tuple[str, int, str]]:
    done = validate(root)
    assert done.status == 2, done.stdout + done.stderr
    error: dict[str, Any] = json.loads(done.stdout)["error"]
    web = root / "stacks" / "04-apps" / "web"
    return [(str(Path(p["file"]).relative_to(web)), p["line"], p["message"]) for p in error["problems"]]


def test_a_rule_that_helm_fills_in_is_refused_at_the_line_of_its_template(tmp_path: Path) -> None:
    files = {"chart/templates/rules.yaml": RULE, "chart/values.yaml": "slow: 1\nfull: sum(disk\n"}

    assert problems(project(tmp_path, files)) == [
        ("chart/templates/rules.yaml", 12, "not PromQL: unknown function with name 'rte'"),
        # The line itself is Helm's: what is around it is not.
        ("chart/templates/rules.yaml", 13, "not PromQL: unclosed left parenthesis"),
    ]


def test_a_dashboard_that_a_template_holds_is_checked_too(tmp_path: Path) -> None:
    template = """\
kind: ConfigMap
apiVersion: v1
metadata:
  name: {{ .Release.Name }}-%s
  labels: {devenv.io/dashboard: "true"}
data:
  web.json: |
%s
"""
    text, other, wrong_one = (dashboard(duration) for duration in ("1h", "2h", "long"))
    files = {
        "chart/dashboards/web.json": text,
        # What is in a file is that dashboard, not another one of its name.
        "chart/templates/same.yaml": template % ("same", '    {{- .Files.Get "dashboards/web.json" | nindent 4 }}'),
        "chart/templates/taken.yaml": template % ("taken", "    " + other.replace("\n", "\n    ")),
        "chart/templates/wrong.yaml": template % ("wrong", "    " + wrong_one.replace("\n", "\n    ")),
    }

    taken, wrong = problems(project(tmp_path, files))

    assert taken[:2] == ("chart/templates/taken.yaml", 11)
    assert "has the name web too" in taken[2]
    assert wrong[:2] == ("chart/templates/wrong.yaml", 14)
    assert "a duration such as" in wrong[2]


def test_a_kustomization_is_checked_as_it_comes_out(tmp_path: Path) -> None:
    base = """\
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: web
spec:
  selector: {matchLabels: {app: web}}
  endpoints:
    - port: metrics
"""
    removed = '[{"op": "replace", "path": "/spec/endpoints", "value": []}]'
    patch = f"{{target: {{kind: ServiceMonitor}}, patch: '{removed}'}}"
    files = {
        "base/monitor.yaml": base,
        "base/kustomization.yaml": "resources: [monitor.yaml]\n",
        "overlays/dev/kustomization.yaml": f"resources: [../../base]\npatches: [{patch}]\n",
    }  # fmt: skip

    ((file, _, message),) = problems(project(tmp_path, files, 'kustomize: {path: "overlays/{profile}"}'))

    assert file in {"base/monitor.yaml", "overlays/dev/kustomization.yaml"}
    assert message == "the ServiceMonitor has no endpoint, so it reads nothing"


@pytest.mark.parametrize(("selected", "port"), [("web", "metrics"), ("wbe", "metrics"), ("web", "metrcs")])
def test_a_monitor_that_matches_nothing_is_a_warning(tmp_path: Path, selected: str, port: str) -> None:
    monitor = f"""\
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {{name: web}}
spec: {{selector: {{matchLabels: {{app: {selected}}}}}, endpoints: [{{port: {port}}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, labels: {{app: web}}}}
spec: {{ports: [{{name: metrics, port: 80}}]}}
"""
    done = validate(project(tmp_path, {"manifests/all.yaml": monitor}, "manifests: {path: manifests}"))

    assert done.status == 0, done.stderr
    warnings = json.loads(done.stdout)["warnings"]
    assert bool(warnings) is ((selected, port) != ("web", "metrics")), warnings
