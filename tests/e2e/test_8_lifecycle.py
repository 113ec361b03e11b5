"""A cluster that once was complete stays, whatever is lost around it, and is nobody else's without their saying so."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from support.environment import Project, run

pytestmark = pytest.mark.e2e


def control_plane(project: Project) -> str:
    """The ID of the container that a cluster lives in: another one is another cluster."""
    return run(["docker", "inspect", "-f", "{{.Id}}", f"devenv-{project.name}-control-plane"]).strip()


def test_what_is_lost_around_a_cluster_is_made_again_and_the_cluster_stays(
    environment: Project, tmp_path: Path
) -> None:
    before = control_plane(environment)
    environment.kubectl("-n", "default", "create", "configmap", "precious")

    elsewhere = Project(environment.root, {**environment.env, "XDG_STATE_HOME": str(tmp_path)})
    assert elsewhere.devenv("up", "--yes", "--json").last("plan-made")["steps"] == []
    exported = Path(elsewhere.devenv("kubeconfig").stdout.strip())
    assert exported.is_relative_to(tmp_path)
    assert exported.stat().st_mode & 0o077 == 0

    kubeconfig = Path(environment.devenv("kubeconfig").stdout.strip())
    kubeconfig.write_text(
        kubeconfig.read_text().replace("certificate-authority-data: ", "certificate-authority-data: Q")
    )
    assert environment.status()["cluster"]["state"] == "running"

    environment.kubectl("-n", "default", "get", "configmap", "precious")
    environment.kubectl("-n", "default", "delete", "configmap", "precious")
    assert control_plane(environment) == before


def test_another_folder_of_the_name_is_told_and_has_to_say_adopt(environment: Project, tmp_path: Path) -> None:
    other = Project(tmp_path / "alt", environment.env)
    shutil.copytree(environment.root, other.root)
    before = control_plane(environment)
    for command in (("up", "--yes"), ("down", "--yes"), ("reset-db", "--yes"), ("db", "list")):
        refused = other.devenv(*command, expect=1)
        assert f"belongs to {environment.root}" in refused.stderr
        assert "--adopt" in refused.stderr
    assert str(environment.root) in other.devenv("up", "--plan").stderr
    assert str(environment.root) in other.status()["cluster"]["reason"]

    other.devenv("up", "--yes", "--adopt")
    assert f"belongs to {other.root}" in environment.devenv("db", "list", expect=1).stderr
    environment.devenv("up", "--yes", "--adopt")
    assert control_plane(environment) == before


def test_a_creation_that_was_killed_is_made_again_and_what_has_just_been_started_is_waited_for(tmp_path: Path) -> None:
    root = tmp_path / "killed"
    root.mkdir()
    project = Project(root, {"XDG_STATE_HOME": str(tmp_path / "state")})
    project.write_spec({"project": "devenv-e2e-killed", "stacks": [{"name": "namespaces"}]})
    try:
        process = project.start("up", "--yes", "--json", "--verbose")
        assert process.stdout
        for line in process.stdout:
            if "Starting control-plane" in line:
                break
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert project.status()["cluster"]["state"] == "broken"
        steps = project.devenv("up", "--yes", "--json").last("plan-made")["steps"]
        assert "cluster/remove-broken" in {step["key"] for step in steps}
        assert project.status()["cluster"]["state"] == "running"

        # As when the machine comes up: the container runs, and the API is not there before it was missed.
        node = f"devenv-{project.name}-control-plane"
        there, away = "/etc/kubernetes/manifests/kube-apiserver.yaml", "/root/kube-apiserver.yaml"
        run(["docker", "exec", node, "mv", there, away])
        run(["docker", "restart", "--time=0", node])
        process = project.start("up", "--yes", "--json")
        assert process.stdout
        first = next(event for event in map(json.loads, process.stdout) if event["type"] == "plan-made")
        assert [step["key"] for step in first["steps"]] == ["cluster/create"]
        run(["docker", "exec", node, "mv", away, there])
        said, problems = process.communicate(timeout=300)
        assert process.returncode == 0, f"{said[-6000:]}\n{problems[-6000:]}"
        assert project.status()["cluster"]["state"] == "running"

        # Somebody has paused it: everything in it goes on where it was.
        before = control_plane(project)
        started = run(["docker", "inspect", "-f", "{{.State.StartedAt}}", before]).strip()
        run(["docker", "pause", before])
        assert project.status()["cluster"]["state"] == "stopped"
        told = project.devenv("up", "--yes", "--json")
        assert [step["key"] for step in told.of_type("plan-made")[0]["steps"]] == ["cluster/create"]
        assert told.last("step-succeeded")["detail"] == "resumed 1 of 1 containers"
        assert run(["docker", "inspect", "-f", "{{.State.StartedAt}}", before]).strip() == started
        assert project.status()["cluster"]["state"] == "running"
    finally:
        project.devenv("down", "--yes")
