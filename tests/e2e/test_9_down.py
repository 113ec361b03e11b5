"""`devenv down` leaves the host as it was."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

import pytest
import yaml
from support.environment import Project, engine_objects, run
from support.host_state import differences, host_state

pytestmark = pytest.mark.e2e


def test_down_leaves_nothing(environment: Project) -> None:
    network = f"devenv-{environment.name}"
    kubeconfig = Path(environment.devenv("kubeconfig").stdout.strip())
    assert network in engine_objects()["networks"]
    nodes = run(["docker", "ps", "-aq", "--filter", f"label=io.x-k8s.kind.cluster={network}"]).split()
    volumes = {
        v for n in nodes for v in run(["docker", "inspect", "-f", "{{range .Mounts}}{{.Name}} {{end}}", n]).split()
    }
    assert nodes
    server = yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    killed = environment.start("down")
    with contextlib.suppress(subprocess.TimeoutExpired):  # it is to be killed in the middle
        killed.wait(1.5)
    killed.kill()
    killed.communicate()
    environment.devenv("down", timeout=300)
    discovered = Path.home() / ".kube" / "cache" / "discovery" / server.removeprefix("https://").replace(":", "_")
    assert not discovered.exists()
    after = engine_objects()
    assert network not in after["networks"]
    assert not volumes & after["volumes"]
    assert not run(["docker", "ps", "-aq", "--filter", f"label=io.x-k8s.kind.cluster={network}"]).split()
    assert not kubeconfig.exists()
    assert not kubeconfig.parent.exists()


def test_the_host_is_as_it_was_before(environment: Project, host_before: dict[str, set[str]]) -> None:
    # Of other projects there may be some: their environments are up, or being brought up.
    shown = ["--format", "{{.Names}} {{.Labels}}"]
    assert environment.name not in run(["docker", "ps", "-a", "--filter", "label=devenv.io/run", *shown])
    assert environment.status()["cluster"]["state"] == "absent"
    assert not differences(host_before, host_state())


def test_down_twice_says_so(environment: Project) -> None:
    result = environment.devenv("down", timeout=300)
    assert "nothing" in (result.stdout + result.stderr).lower()


def test_status_without_a_cluster(environment: Project) -> None:
    report = environment.status()
    assert report["cluster"]["state"] == "absent"
    assert all(not s["ready"] for s in report["stacks"])
