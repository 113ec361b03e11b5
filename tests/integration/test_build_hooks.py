"""Commands of this machine that come before builds and follow them, by the real command and with a real engine."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import devenv

from devenv.adapters.docker import Engine

pytestmark = pytest.mark.engine
RUN = f"build-hooks-{uuid.uuid4().hex[:8]}"
LABELS = {"devenv.io/test": RUN}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "shop"
    (folder / "api").mkdir(parents=True)
    (folder / "api" / "source").write_text(RUN)
    return folder


def write(project: Path, tiny: str, *after: dict[str, Any]) -> None:
    image = {"context": "api", "command": f'docker tag {tiny} "$IMAGE"', "after": list(after)}
    spec = {"project": RUN, "stacks": [{"name": "namespaces"}], "images": {RUN: image}}
    (project / "devenv.yaml").write_text(yaml.safe_dump(spec))


def test_what_follows_a_build_gets_its_name_and_runs_with_each_build_alone(
    swept: Engine, tiny: str, project: Path
) -> None:
    write(project, tiny, {"command": 'echo "$SKAFFOLD_IMAGE_REPO $SKAFFOLD_IMAGE_TAG" >> seen', "dir": "api/.."})

    refused = devenv("build", cwd=project)
    assert (refused.status, "host-command-not-agreed" in refused.stderr) == (2, True), refused.stderr
    for _ in range(2):
        done = devenv("build", "--yes", cwd=project)
        assert done.status == 0, done.stderr

    (line,) = (project / "seen").read_text().splitlines()
    repository, _, tag = line.partition(" ")
    assert repository.endswith(f"/{RUN}")
    reference = f"{repository}:{tag}"
    assert reference in swept.images.ids([reference])
    swept.images.remove([reference])


def test_where_it_fails_the_image_has_no_name_and_both_are_done_again(swept: Engine, tiny: str, project: Path) -> None:
    write(project, tiny, {"command": 'echo "$IMAGE" > name; test -e allowed'})

    failed = devenv("build", "--yes", cwd=project)

    assert failed.status == 1
    assert "what follows its build failed" in failed.stderr
    reference = (project / "name").read_text().strip()
    assert reference not in swept.images.ids([reference])
    (project / "allowed").touch()
    assert devenv("build", "--yes", cwd=project).status == 0
    assert reference in swept.images.ids([reference])
    swept.images.remove([reference])


def test_what_comes_before_a_build_of_skaffold_runs_first_and_the_image_is_made_of_what_it_wrote(
    swept: Engine, tiny: str, project: Path
) -> None:
    builder = {"buildCommand": f'cat made >> {project}/seen; docker tag {tiny} "$IMAGE"'}
    artifact = {
        "image": RUN,
        "context": "api",
        "custom": {**builder, "dependencies": {"paths": ["made"]}},
        "hooks": {"before": [{"command": ["sh", "-c", "cp api/source api/made"]}]},
    }
    skaffold = {"apiVersion": "skaffold/v4beta11", "kind": "Config", "build": {"artifacts": [artifact]}}
    (project / "api" / "made").touch()
    (project / "skaffold.yaml").write_text(yaml.safe_dump(skaffold))
    spec = {"project": RUN, "stacks": [{"name": "namespaces"}], "imports": [{"skaffold": "skaffold.yaml"}]}
    (project / "devenv.yaml").write_text(yaml.safe_dump(spec))

    refused = devenv("build", cwd=project)
    assert (refused.status, "host-command-not-agreed" in refused.stderr) == (2, True), refused.stderr
    built = []
    for text in ("one", "two"):
        (project / "api" / "source").write_text(f"{text}\n")
        done = devenv("build", "--yes", "--json", cwd=project)
        assert done.status == 0, done.stderr
        built += json.loads(done.stdout)

    assert (project / "seen").read_text().split() == ["one", "two"]
    assert [image["built"] for image in built] == [True, True]
    swept.images.remove([image["reference"] for image in built])


@pytest.mark.parametrize("command", ["build", "pull"])
def test_where_a_task_that_comes_first_fails_nothing_is_made(tiny: str, project: Path, command: str) -> None:
    write(project, tiny, {"command": "touch seen"})
    spec = yaml.safe_load((project / "devenv.yaml").read_text())
    (project / "devenv.yaml").write_text(yaml.safe_dump({**spec, "tasks": {"generate": {"run": "exit 3"}}}))

    refused = devenv(command, cwd=project)
    failed = devenv(command, "--yes", cwd=project)

    assert (refused.status, "host-command-not-agreed" in refused.stderr) == (2, True), refused.stderr
    assert (failed.status, "task generate failed" in failed.stderr) == (1, True), failed.stderr
    assert not (project / "api" / "seen").exists()
