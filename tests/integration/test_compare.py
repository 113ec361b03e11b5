"""What differs between two profiles, with charts and kustomizations rendered by the real programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from support.programs import require_tool

from devenv.adapters.process import Completed, run

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: etcd}
spec: {replicas: 1}
"""
FILES = {
    "devenv.yaml": "project: shop\nstacks: [{name: activity}, {name: api}]\nstack_paths: [stacks]\n",
    "stacks/04-apps/activity/stack.yaml": "name: activity\nlayer: 04-apps\nsummary: Activity\nnamespace: activity\n"
    'version: "1"\nsources: [{kustomize: {path: "overlays/{profile}"}}]\n',
    "stacks/04-apps/activity/base/kustomization.yaml": "configMapGenerator: [{name: settings, literals: [a=1]}]\n",
    "stacks/04-apps/activity/overlays/dev/kustomization.yaml": "resources: [../../base, etcd.yaml]\n",
    "stacks/04-apps/activity/overlays/dev/etcd.yaml": DEPLOYMENT,
    "stacks/04-apps/activity/overlays/staging/kustomization.yaml": "resources: [../../base]\n",
    "stacks/04-apps/activity/overlays/prod/kustomization.yaml": "resources: [../../base]\n"
    "configMapGenerator: [{name: settings, behavior: merge, literals: [a=2]}]\n",
    "stacks/04-apps/api/stack.yaml": "name: api\nlayer: 04-apps\nsummary: An API\nnamespace: api\n"
    'version: "1"\nsources: [{chart: {path: chart}}]\n',
    "stacks/04-apps/api/values/prod.yaml": "replicas: 3\ntoken: other\n",
    "stacks/04-apps/api/chart/Chart.yaml": "apiVersion: v2\nname: api\nversion: 0.1.0\n",
    "stacks/04-apps/api/chart/values.yaml": "replicas: 1\ntoken: open-sesame\n",
    "stacks/04-apps/api/chart/templates/all.yaml": "kind: Secret\napiVersion: v1\nmetadata: {name: api}\n"
    "stringData: {token: {{ .Values.token }}}\n---\nkind: Deployment\napiVersion: apps/v1\nmetadata: {name: api}\n"
    "spec: {replicas: {{ .Values.replicas }}}\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    require_tool("helm")
    require_tool("kubectl")
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def compare(project: Path, *arguments: str) -> Completed:
    env = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
    return run([sys.executable, "-m", "devenv", "compare", *arguments], cwd=project, env=env, check=False)


def differences(project: Path, *arguments: str) -> list[tuple[str, ...]]:
    done = compare(project, *arguments, "--json")
    assert done.status == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["profiles"] == list(arguments[:2])
    return [(d["stack"], d["object"], d["field"], *d["values"]) for d in found["differences"]]


def test_fields_and_objects_that_differ_are_told_and_values_of_secrets_hidden(project: Path) -> None:
    assert differences(project, "dev", "prod") == [
        ("activity", "ConfigMap settings", "data.a", '"1"', '"2"'),
        ("activity", "ConfigMap settings", "metadata.name", '"settings-h29d89cmmt"', '"settings-6gtghh96k8"'),
        ("activity", "Deployment etcd", "", "(there)", "(none)"),
        ("api", "Secret api", "stringData.token", "*****", "*****"),
        ("api", "Deployment api", "spec.replicas", "1", "3"),
    ]


def test_values_are_compared_where_they_are_asked_for(project: Path) -> None:
    assert differences(project, "dev", "prod", "--values") == [
        ("api", "values", "replicas", "(none)", "3"),
        ("api", "values", "token", "(none)", '"other"'),
    ]


def test_profiles_that_come_to_the_same_differ_in_nothing(project: Path) -> None:
    done = compare(project, "dev", "staging", "api", "--exit-code")
    assert (done.status, done.stdout) == (0, "no differences\n")
    assert compare(project, "dev", "prod", "api", "--exit-code").status == 1


def test_names_that_there_are_not_are_told(project: Path) -> None:
    refused = compare(project, "dev", "prd")
    assert (refused.status, refused.stdout) == (2, "")
    assert "there is no profile prd" in refused.stderr
    refused = compare(project, "dev", "prod", "apy")
    assert refused.status == 2
    assert "apy is no stack of this project" in refused.stderr
