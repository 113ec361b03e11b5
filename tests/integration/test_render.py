"""Every manifest of the example, by the real Helm and kubectl, without an engine or a cluster."""

from __future__ import annotations

import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.programs import require_tool

from devenv.adapters.process import Completed, run

EXAMPLE = Path(__file__).parents[2] / "examples" / "alt"
STACKS = ("namespaces", "postgres", "alt-backend")
"""Whose charts are here, and in no module."""
MANIFEST = "apiVersion: v1\nkind: Secret\nmetadata: {name: own}\nstringData: {token: open-sesame}\n"

MADE_UP = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: made-up}
data:
  kept: {{ .Release.Name }}
  certificate: {{ (genCA "local" 1).Cert | quote }}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    require_tool("helm")
    require_tool("kubectl")
    return Path(shutil.copytree(EXAMPLE, tmp_path / "alt"))


def render(project: Path, *arguments: str, hash_seed: str = "0") -> Completed:
    env = {"DOCKER_HOST": "unix:///nonexistent/docker.sock", "PYTHONHASHSEED": hash_seed}
    return run([sys.executable, "-m", "devenv", "render", *arguments], cwd=project, env=env, check=False)


def objects(done: Completed) -> list[dict[str, Any]]:
    assert done.status == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def test_all_that_is_applied_is_printed_each_stack_after_those_that_it_needs(project: Path) -> None:
    done = render(project, *reversed(STACKS))
    kinds = [item["kind"] for item in objects(done)]
    assert {"Namespace", "StatefulSet", "Deployment", "IngressRoute", "ExternalSecret"} <= set(kinds)
    told = [line for line in done.stdout.splitlines() if line.startswith("# stack ")]
    assert list(dict.fromkeys(told)) == [f"# stack {name}" for name in STACKS]


def test_the_same_specification_gives_the_same_bytes_and_another_profile_others(project: Path) -> None:
    first = render(project, *STACKS, "--profile", "prod")
    assert first.stdout
    assert render(project, *STACKS, "--profile", "prod").stdout == first.stdout
    assert render(project, *STACKS, "--profile", "dev").stdout != first.stdout


def test_the_bytes_are_the_same_whatever_python_draws_and_a_chart_makes_up(project: Path) -> None:
    templates = project / "stacks/04-core-services/alt-backend/chart/templates"
    (templates / "own.yaml").write_text(MADE_UP)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda seed: render(project, *STACKS, "--profile", "prod", hash_seed=seed), ("1", "2"))
    assert one.stdout == other.stdout
    (made,) = [item for item in objects(one) if item["metadata"]["name"] == "made-up"]
    assert made["data"] == {"certificate": "(generated)", "kept": "alt-backend"}
    (shown,) = [
        item for item in objects(render(project, *STACKS, "--credentials")) if item["metadata"]["name"] == "made-up"
    ]
    assert shown["data"]["certificate"].startswith("-----BEGIN CERTIFICATE-----")


def test_values_of_secrets_are_shown_to_who_asks_for_them(project: Path) -> None:
    (project / "stacks/04-core-services/alt-backend/chart/templates/own.yaml").write_text(MANIFEST)
    hidden = render(project, "alt-backend")
    assert "open-sesame" not in hidden.stdout
    assert any(item["kind"] == "Secret" for item in objects(hidden))
    assert "open-sesame" in render(project, "alt-backend", "--credentials").stdout


def test_json_is_by_stack(project: Path) -> None:
    found = json.loads(render(project, "namespaces", "--json").stdout)
    assert {item["kind"] for item in found["namespaces"]} >= {"Namespace"}


def test_what_there_is_not_is_told(project: Path) -> None:
    refused = render(project, "alt-backnd")
    assert (refused.status, refused.stdout) == (2, "")
    assert "alt-backnd is no stack of this project" in refused.stderr
    assert "alt-backend" in refused.stderr


def test_a_chart_that_cannot_be_rendered_is_told_with_its_cause(project: Path) -> None:
    chart = project / "stacks/04-core-services/alt-backend/chart/templates/broken.yaml"
    chart.write_text("{{ required `replicas are needed` .Values.nothing }}")
    refused = render(project, "alt-backend")
    assert (refused.status, refused.stdout) == (1, "")
    assert "replicas are needed" in refused.stderr
