"""A stack that cannot work is told with its root cause, quickly, and stops nothing else."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.environment import Project, Result

pytestmark = pytest.mark.e2e

STACK = """
name: {name}
layer: 06-application
summary: A stack that cannot work
namespace: alt-apps
version: "1"
needs: [namespaces]
deadline: 120s
sources:
  - chart: {{path: chart}}
"""
BROKEN = {
    "bad-image": "{image: 'localhost/devenv/there-is-no-such-image:1', imagePullPolicy: IfNotPresent}",
    "crash-loop": "{image: IMAGE, command: [sh, -c, 'echo the reason of the crash >&2; exit 3']}",
    "bad-key": "{image: IMAGE, env: [{name: X, valueFrom: {secretKeyRef: {name: no-such-secret, key: x}}}]}",
}
RESTRICTED = "{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}"
CAUSE = {"bad-image": "image-pull", "crash-loop": "crash-loop", "bad-key": "config"}


def write_stack(project: Project, name: str, container: str) -> None:
    """A chart of one Deployment, written as a user would."""
    stack = project.root / "stacks" / "06-application" / name
    templates = stack / "chart" / "templates"
    templates.mkdir(parents=True, exist_ok=True)
    (stack / "stack.yaml").write_text(STACK.format(name=name))
    (stack / "chart" / "Chart.yaml").write_text(f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n")
    image = project.kubectl("-n", "alt-database", "get", "sts", "postgres", "-o", "jsonpath={..containers[0].image}")
    (templates / "deployment.yaml").write_text(
        textwrap.dedent(f"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: {{name: {name}}}
        spec:
          selector: {{matchLabels: {{app: {name}}}}}
          template:
            metadata: {{labels: {{app: {name}}}}}
            spec:
              # What the namespace demands (pod security "restricted").
              securityContext: {{runAsUser: 65532, runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}
              containers:
                - {{name: main, securityContext: {RESTRICTED}, {container.replace("IMAGE", image)[1:]}
        """)
    )


@pytest.fixture
def broken(environment: Project, request: pytest.FixtureRequest) -> Iterator[tuple[str, Result]]:
    """The result of `up` with one broken stack more; afterwards the project is as before."""
    name = str(request.param)
    spec = environment.spec
    write_stack(environment, name, BROKEN[name])
    environment.write_spec({**spec, "stacks": [*spec["stacks"], {"name": name}]})
    yield name, environment.devenv("up", "--yes", "--json", expect=1, timeout=200)
    environment.write_spec(spec)
    shutil.rmtree(environment.root / "stacks" / "06-application")


@pytest.mark.parametrize("broken", list(BROKEN), indirect=True)
def test_root_cause_is_named(broken: tuple[str, Result]) -> None:
    name, result = broken
    failed = result.of_type("step-failed")
    assert [e["key"] for e in failed] == [f"install/{name}"]
    error = failed[0]["error"]
    assert error["code"] == "workload-failed"
    assert error["context"]["cause"] == CAUSE[name]
    assert name in str(error["context"])
    assert error["hint"]
    if name == "crash-loop":
        assert "the reason of the crash" in str(error["context"])
    skipped = {e["key"] for e in result.of_type("step-skipped")}
    assert skipped == {f"ready/{name}"}


def test_environment_is_whole_after_the_failures(environment: Project) -> None:
    environment.devenv("up", "--yes")
    assert environment.devenv("status", "--json").status == 0


def test_broken_spec_tells_every_problem_at_once(environment: Project) -> None:
    spec = environment.spec
    text = (environment.root / "devenv.yaml").read_text()
    (environment.root / "devenv.yaml").write_text(text + "\nstakcs: []\nprofile: production\n")
    try:
        result = environment.devenv("up", "--yes", expect=2)
    finally:
        environment.write_spec(spec)
    assert "stakcs" in result.stderr
    assert "profile" in result.stderr
    assert "Traceback" not in result.stderr


def test_no_project_is_a_usage_error(environment: Project, tmp_path: Path) -> None:
    lost = Project(tmp_path, environment.env)
    result = lost.devenv("status", expect=2)
    assert "devenv.yaml" in result.stderr
    assert "Traceback" not in result.stderr
