"""The loop of a developer's day: build, load, watch, and never a stale image."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.dev_loop import dev
from support.environment import Project, run

pytestmark = pytest.mark.e2e
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "alt"
NAME = "alt-backend"
NAMESPACE = "alt-apps"
SAID = "alt-backend listens"


@pytest.fixture(scope="module")
def made() -> Iterator[set[str]]:
    """References of images that the tests' changes gave, which go again in the end."""
    references: set[str] = set()
    yield references
    if references:
        run(["docker", "rmi", *references])


def another() -> str:
    """A text that was never built."""
    return f"{SAID}, {uuid.uuid4().hex}"


def source(project: Project) -> Path:
    return project.root / NAME / "main.go"


def replace(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def pods(project: Project, namespace: str, label: str) -> list[dict[str, Any]]:
    """UID and image of each pod that is not about to end."""
    listed = json.loads(project.kubectl("-n", namespace, "get", "pods", "-l", label, "-o", "json"))
    return [
        {
            "uid": item["metadata"]["uid"],
            "name": item["metadata"]["name"],
            "image": item["spec"]["containers"][0]["image"],
        }
        for item in listed["items"]
        if not item["metadata"].get("deletionTimestamp")
    ]


def backend(project: Project) -> dict[str, Any]:
    (pod,) = pods(project, NAMESPACE, f"app.kubernetes.io/name={NAME}")
    return pod


def nodes(project: Project) -> list[str]:
    listed = run(
        ["docker", "ps", "--filter", f"label=io.x-k8s.kind.cluster=devenv-{project.name}", "--format", "{{.Names}}"]
    )
    return listed.split()


def test_build_names_images_and_builds_only_what_has_changed(environment: Project, made: set[str]) -> None:
    running = backend(environment)["image"]
    (before,) = json.loads(environment.devenv("build", "--json").stdout)
    assert (before["name"], before["reference"], before["built"]) == (NAME, running, False)
    replace(source(environment), SAID, text := another())
    (changed,) = json.loads(environment.devenv("build", NAME, "--json").stdout)
    made.add(changed["reference"])
    assert changed["built"]
    assert changed["reference"] != running
    assert backend(environment)["image"] == running
    replace(source(environment), text, SAID)
    assert json.loads(environment.devenv("build", "--json").stdout) == [before]


def test_build_of_an_unknown_image_says_which_there_are(environment: Project) -> None:
    failed = environment.devenv("build", "alt-backendd", expect=2)
    assert "did you mean alt-backend?" in failed.stderr


def test_load_sends_only_what_nodes_lack(environment: Project) -> None:
    (held,) = json.loads(environment.devenv("load", NAME, "--json").stdout)
    assert (held["sent_bytes"], held["sent_layers"]) == (0, 0)
    assert held["unchanged"] == held["nodes"] == nodes(environment)
    other = f"localhost/devenv-test/{environment.name}:other"
    run(["docker", "tag", held["reference"], other])
    try:
        first, again = (json.loads(environment.devenv("load", other, NAME, "--json").stdout) for _ in range(2))
        assert [image["name"] for image in first] == [other, NAME]
        assert first[0]["sent_bytes"] == 0, "its layers are there, only the name is new"
        assert not first[0]["unchanged"]
        assert again[0]["unchanged"] == nodes(environment)
    finally:
        run(["docker", "rmi", other])
    failed = environment.devenv("load", other, expect=1)
    assert f"the engine has no image {other}" in failed.stderr


def test_images_tells_what_is_where_and_prune_removes_nothing_unasked(environment: Project) -> None:
    running = backend(environment)["image"]
    listed = {image["reference"]: image for image in json.loads(environment.devenv("images", "--json").stdout)}
    mine = listed[running]
    assert (mine["kind"], mine["origin"], mine["state"]) == ("project", "built", "in use")
    assert mine["nodes"] == nodes(environment)
    assert mine["size"] > 1_000_000
    doomed = json.loads(environment.devenv("images", "prune", "--json").stdout)
    assert doomed["removed"] == []
    assert running not in {image["reference"] for image in doomed["kept"]}
    assert all(image["state"] == "old" for image in doomed["kept"])
    assert run(["docker", "image", "inspect", "--format", "{{.Id}}", running])


def test_dev_rolls_out_what_is_saved_and_goes_on_after_a_failure(environment: Project, made: set[str]) -> None:
    before, database = backend(environment), pods(environment, "alt-database", "app.kubernetes.io/name=postgres")
    with dev(environment, NAME) as running:
        (source(environment).parent / "notes.md").write_text("the build does not read this\n")
        replace(source(environment), SAID, another())
        first = running.until("round-finished")
        assert first["succeeded"]
        assert (first["images"], first["stacks"]) == ([NAME], [NAME])
        assert first["build"] + first["load"] + first["rollout"] <= first["seconds"] + 0.1
        after = backend(environment)
        assert after["image"] != before["image"]
        made.add(after["image"])

        replace(source(environment), "package main", "package main // unclosed: \n{")
        assert not running.until("round-finished")["succeeded"]
        assert backend(environment) == after
        failed = next(e for e in reversed(running.seen) if e["type"] == "step-failed")
        assert failed["key"] == f"image/{NAME}"

        whole = (EXAMPLE / NAME / "main.go").read_text()
        source(environment).write_text(whole)
        assert running.until("round-finished")["succeeded"]
    (source(environment).parent / "notes.md").unlink()
    assert backend(environment)["image"] == before["image"]
    assert pods(environment, "alt-database", "app.kubernetes.io/name=postgres") == database
    assert environment.devenv("up", "--yes", "--json").last("plan-made")["steps"] == []


def set_memory(project: Project, memory: str) -> None:
    spec = project.spec
    choice = next(choice for choice in spec["stacks"] if choice["name"] == NAME)
    choice["values"] = {**choice.get("values", {}), "resources": {"limits": {"memory": memory}}}
    project.write_spec(spec)


def test_up_tells_that_running_containers_are_what_was_built(environment: Project) -> None:
    set_memory(environment, "72Mi")
    ready = [
        e for e in environment.devenv("up", "--yes", "--json").of_type("step-succeeded") if e["key"] == f"ready/{NAME}"
    ]
    assert [e["detail"] for e in ready] == ["1 container runs what was built"]


def test_an_image_that_was_not_built_here_is_an_error(environment: Project, made: set[str]) -> None:
    """Somebody gives the image's name on the node to another one."""
    reference = backend(environment)["image"]
    (node,) = nodes(environment)
    ctr = ["docker", "exec", node, "ctr", "-n", "k8s.io", "images"]
    former = f"localhost/devenv-test/{NAME}:former"
    replace(source(environment), SAID, text := another())
    (changed,) = json.loads(environment.devenv("build", "--json").stdout)
    made.add(changed["reference"])
    environment.devenv("load", NAME)
    replace(source(environment), text, SAID)
    run([*ctr, "tag", reference, former])
    run([*ctr, "tag", "--force", changed["reference"], reference])
    try:
        set_memory(environment, "80Mi")
        failed = environment.devenv("up", "--yes", "--json", expect=1)
        (failure,) = failed.of_type("step-failed")
        assert (failure["key"], failure["error"]["code"]) == (f"ready/{NAME}", "stale-image")
    finally:
        run([*ctr, "rm", former])
    (loaded,) = json.loads(environment.devenv("load", NAME, "--json").stdout)
    assert not loaded["unchanged"]
    environment.kubectl("-n", NAMESPACE, "delete", "pod", backend(environment)["name"], "--wait")
    environment.devenv("up", "--yes", "--json")
    assert environment.devenv("up", "--yes", "--json").last("plan-made")["steps"] == []
