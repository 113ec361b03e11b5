"""The chart of a new stack, by the real Helm."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from support.programs import require_tool

from devenv.adapters.files.paths import data_root
from devenv.adapters.process import run
from devenv.workflows.scaffolding.new_stack import new_stack

_ENGINE = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}


@pytest.mark.parametrize(("profile", "replicas"), [("dev", 1), ("staging", 2), ("prod", 3)])
def test_it_runs_without_privileges_under_each_profile(tmp_path: Path, profile: str, replicas: int) -> None:
    require_tool("helm")
    (tmp_path / "devenv.yaml").write_text("project: shop\nstacks: [{name: traefik}]\n", encoding="utf-8")
    new_stack(tmp_path, "search", "06-application", data_root())

    command = (sys.executable, "-m", "devenv", "render", "search", "--profile", profile)
    done = run(command, cwd=tmp_path, env=_ENGINE)

    objects = {item["kind"]: item for item in yaml.safe_load_all(done.stdout) if item}
    assert set(objects) == {"ConfigMap", "Deployment", "IngressRoute", "Service"}
    assert objects["Deployment"]["spec"]["replicas"] == replicas
    pod = objects["Deployment"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["image"].startswith("localhost/devenv/python:")
