"""A creation that was killed, and what has just been started or paused: the cluster is made again, or waited for."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from support.environment import PREFIX, Project, control_plane, run

pytestmark = pytest.mark.e2e


def test_a_creation_that_was_killed_is_made_again_and_what_has_just_been_started_is_waited_for(tmp_path: Path) -> None:
    root = tmp_path / "killed"
    root.mkdir()
    project = Project(root, {"XDG_STATE_HOME": str(tmp_path / "state")})
    project.write_spec({"project": f"{PREFIX}-killed", "stacks": [{"name": "namespaces"}]})
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
