"""`devenv validate --all`: planted faults, each told with its line, by the real Helm and kubectl."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic_sarif.model import (  # type: ignore[import-untyped]  # it does not say that it has types
    StaticAnalysisResultsFormatSarifVersion210JsonSchema as Sarif,
)
from support.overlay_project import write_overlay_project
from support.programs import require_tool

from devenv.adapters.process import Completed, run
from devenv.spec.kubernetes.policies import ENFORCE

WEB, REPORT = "stacks/04-apps/web", "stacks/04-apps/report"
Told = tuple[str, int, str, str]
"""File, line, rule, profiles."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    require_tool("helm")
    require_tool("kubectl")
    return write_overlay_project(tmp_path / "shop")


def validate(project: Path, *arguments: str) -> Completed:
    env = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
    return run([sys.executable, "-m", "devenv", "validate", *arguments], cwd=project, env=env, check=False)


def told(project: Path, *arguments: str) -> list[Told]:
    done = validate(project, "--all", "--json", *arguments)
    found: dict[str, Any] = json.loads(done.stdout)
    errors = any(problem["level"] == "error" for problem in found["problems"])
    assert (done.status, found["valid"]) == ((2, False) if errors else (0, True)), done.stderr
    return [
        (str(Path(p["file"]).relative_to(project)), p["line"], p["rule"], ",".join(p["profiles"]))
        for p in found["problems"]
    ]


def change(project: Path, file: str, before: str, after: str) -> None:
    text = (project / file).read_text()
    assert before in text
    (project / file).write_text(text.replace(before, after, 1))


def test_a_clean_tree_has_no_finding(project: Path) -> None:
    done = validate(project, "--all", "--strict")
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout == (
        "no problems: 6 sources rendered to 24 objects, profiles dev, staging, prod, Kubernetes 1.36\n"
    )


def test_each_planted_fault_is_told_where_it_was_written(project: Path) -> None:
    everywhere = "dev,staging,prod"
    base, overlay = f"{WEB}/base", f"{WEB}/overlays"
    change(project, f"{base}/deployment.yaml", "containerPort: 8080", 'containerPort: "8080"')
    change(project, f"{base}/deployment.yaml", "          readinessProbe:", "          livenessProbe:")
    change(project, f"{base}/deployment.yaml", "name: settings", "name: setings")
    change(project, f"{base}/deployment.yaml", "serviceAccountName: web", "serviceAccountName: wbe")
    change(
        project,
        f"{base}/others.yaml",
        "                port:\n                  name: http",
        "                port:\n                  name: htp",
    )
    change(project, f"{base}/secret.yaml", "password: local", "pasword: local")
    change(project, f"{overlay}/prod/patches/deployment.yaml", "replicas: 3", "replica: 3")
    change(project, f"{overlay}/staging/patches/deployment.yaml", "replicas: 2", "replicas: two")
    change(project, f"{overlay}/dev/kustomization.yaml", "web:1.4.2-dev", "web:latest")
    change(project, f"{WEB}/components/debugging/environment.yaml", 'value: "1"', "value: 1")
    change(project, f"{REPORT}/values/prod.yaml", "level: warning", "resources: {limits: {memory: 64 MB}}")
    change(project, f"{REPORT}/chart/values.yaml", 'tag: "3"', "tag: latest")
    change(project, f"{REPORT}/chart/templates/all.yaml", "batch/v1", "batch/v1beta1")

    assert told(project) == [
        (f"{REPORT}/chart/templates/all.yaml", 8, "removed-api", everywhere),
        (f"{REPORT}/chart/values.yaml", 3, "latest-tag", everywhere),
        (f"{WEB}/base/deployment.yaml", 15, "dead-reference", everywhere),
        (f"{WEB}/base/deployment.yaml", 21, "no-readiness-probe", everywhere),
        (f"{WEB}/base/deployment.yaml", 25, "wrong-value", everywhere),
        (f"{WEB}/base/deployment.yaml", 28, "dead-reference", everywhere),
        (f"{WEB}/base/deployment.yaml", 34, "dead-reference", everywhere),
        (f"{WEB}/base/others.yaml", 33, "dead-reference", everywhere),
        (f"{WEB}/components/debugging/environment.yaml", 12, "wrong-value", everywhere),
        (f"{WEB}/overlays/dev/kustomization.yaml", 13, "latest-tag", "dev"),
        (f"{WEB}/overlays/prod/patches/deployment.yaml", 6, "unknown-field", "prod"),
        (f"{WEB}/overlays/staging/patches/deployment.yaml", 6, "wrong-value", "staging"),
    ]


def test_what_cannot_be_rendered_is_told_at_its_line_and_the_rest_is_checked(project: Path) -> None:
    change(project, f"{WEB}/overlays/prod/kustomization.yaml", "patches/deployment.yaml", "patches/deploymnt.yaml")
    change(project, f"{REPORT}/chart/templates/all.yaml", ".Values.schedule", "required `a schedule` .Values.nothing")
    change(project, f"{WEB}/base/secret.yaml", "stringData", "stringDta")
    assert {fault for fault in told(project) if fault[2] != "dead-reference"} == {
        (f"{REPORT}/chart/templates/all.yaml", 13, "cannot-render", "dev,staging,prod"),
        (f"{WEB}/overlays/prod/kustomization.yaml", 6, "cannot-render", "prod"),
        (f"{WEB}/base/secret.yaml", 5, "unknown-field", "dev,staging"),
    }


def test_what_namespaces_enforce_is_an_error_and_what_objects_ignore_is_none(project: Path) -> None:
    change(project, f"{WEB}/base/deployment.yaml", "allowPrivilegeEscalation: false", "privileged: true")
    assert [fault[2] for fault in told(project)] == ["pod-security-restricted", "pod-security-baseline"]
    assert validate(project, "--all").status == 0
    assert validate(project, "--all", "--strict").status == 2
    namespace = f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: web\n  labels: {{{ENFORCE}: baseline}}\n"
    (project / WEB / "overlays/prod/namespace.yaml").write_text(namespace)
    change(project, f"{WEB}/overlays/prod/kustomization.yaml", "../../base", "../../base\n  - namespace.yaml")
    done = json.loads(validate(project, "--all", "--json", "--profile", "prod").stdout)
    assert [(p["rule"], p["level"], p["line"]) for p in done["problems"]] == [("pod-security-baseline", "error", 46)]
    ignore = "metadata:\n  annotations: {devenv.io/ignore: pod-security-baseline}\n  name: web\nspec:\n  replicas: 3"
    change(
        project, f"{WEB}/overlays/prod/patches/deployment.yaml", "metadata:\n  name: web\nspec:\n  replicas: 3", ignore
    )
    assert told(project, "--profile", "prod") == []


def test_custom_kinds_are_checked_by_the_definitions_that_stacks_bring(project: Path) -> None:
    schema = "{type: object, properties: {spec: {type: object, required: [size], properties: {size: {enum: [s, m]}}}}}"
    definition = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: hats.shop.example}\n"
        "spec:\n  group: shop.example\n  scope: Namespaced\n  names: {kind: Hat, plural: hats}\n"
        f"  versions: [{{name: v1, served: true, storage: true, schema: {{openAPIV3Schema: {schema}}}}}]\n"
    )
    hat = "apiVersion: shop.example/v1\nkind: Hat\nmetadata:\n  name: top\nspec:\n  size: xl\n"
    (project / WEB / "base/hat.yaml").write_text(hat)
    change(project, f"{WEB}/base/kustomization.yaml", "- secret.yaml", "- secret.yaml\n  - hat.yaml")
    done = validate(project, "--all")
    assert (done.status, done.stderr) == (
        0,
        "note: shop.example/v1 Hat is not checked: no stack brings its definition\n",
    )
    (project / REPORT / "chart/templates/hats.yaml").write_text(definition)
    assert told(project) == [(f"{WEB}/base/hat.yaml", 6, "wrong-value", "dev,staging,prod")]


def test_kinds_are_held_to_the_versions_of_kubernetes_that_are_named(project: Path) -> None:
    old = "apiVersion: storage.k8s.io/v1beta1\nkind: VolumeAttributesClass\nmetadata: {name: old}\ndriverName: disk\n"
    (project / WEB / "base/old.yaml").write_text(old)
    change(project, f"{WEB}/base/kustomization.yaml", "- secret.yaml", "- secret.yaml\n  - old.yaml")
    place = (f"{WEB}/base/old.yaml", 1)
    everywhere = "dev,staging,prod"
    assert told(project, "--kubernetes", "1.34") == [(*place, "deprecated-api", everywhere)]
    assert told(project, "--kubernetes", "1.36", "--kubernetes", "1.37") == [
        (*place, "deprecated-api", everywhere),
        (*place, "removed-api", everywhere),
    ]
    refused = validate(project, "--all", "--kubernetes", "1.12")
    assert refused.status == 2
    assert "there are no schemas of Kubernetes 1.12" in refused.stderr


def test_sarif_is_what_its_schema_says(project: Path, tmp_path: Path) -> None:
    change(project, f"{WEB}/overlays/prod/patches/deployment.yaml", "replicas: 3", "replica: 3")
    (project / ".git").mkdir()
    file = tmp_path / "found.sarif"
    validate(project, "--all", "--sarif", str(file))
    written = json.loads(file.read_text())
    log = Sarif.model_validate(written)
    assert log.version.value == "2.1.0"
    (result,) = written["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], result["level"]) == ("unknown-field", "error")
    assert place["artifactLocation"] == {
        "uri": f"{WEB}/overlays/prod/patches/deployment.yaml",
        "uriBaseId": "SRCROOT",
    }
    assert place["region"] == {"startLine": 6}
    assert result["properties"] == {"profiles": ["prod"]}


def test_options_that_go_with_all_are_refused_without_it(project: Path) -> None:
    refused = validate(project, "--strict")
    assert refused.status == 2
    assert "devenv validate --all" in refused.stderr
