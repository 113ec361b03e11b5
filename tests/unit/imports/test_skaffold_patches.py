"""Patches of Skaffold's profiles, with the paths that it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devenv.spec.imports.skaffold.file.patches import PatchError, patched
from devenv.spec.yaml.positions import Document, Node, plain_node
from devenv.spec.yaml.reader import parse_yaml

TEXT = """\
build:
  artifacts:
    - image: api
      docker: {dockerfile: Dockerfile}
    - image: web
deploy:
  helm:
    releases:
      - name: api
        valuesFiles: [a.yaml]
"""


def tree() -> Node:
    read = parse_yaml(TEXT.encode(), Path("skaffold.yaml"))
    assert read.document is not None
    return read.document.root


def result(op: str, path: str, value: Any = None, source: str | None = None) -> Any:
    return patched(tree(), op, path, None if value is None else plain_node(value, 99), source).data()


def test_a_value_is_replaced_and_all_else_keeps_its_line() -> None:
    made = patched(tree(), "replace", "/build/artifacts/0/docker/dockerfile", plain_node("Other", 20))
    document = Document(Path("skaffold.yaml"), made)
    at = ("build", "artifacts", 0, "docker", "dockerfile")
    assert made.data()["build"]["artifacts"][0]["docker"] == {"dockerfile": "Other"}
    assert document.line(at) == 20
    assert document.key(at) == "build.artifacts[0].docker.dockerfile"
    assert document.line(("deploy", "helm", "releases", 0, "name")) == 9


@pytest.mark.parametrize(
    ("op", "path", "value", "expected"),
    [
        ("add", "/deploy/helm/releases/0/valuesFiles/-", "b.yaml", ["a.yaml", "b.yaml"]),
        ("add", "/deploy/helm/releases/name=api/valuesFiles/0", "b.yaml", ["b.yaml", "a.yaml"]),
        ("replace", "/deploy/name=api/valuesFiles/0", "c.yaml", ["c.yaml"]),
        ("remove", "/deploy/helm/releases/0/valuesFiles/0", None, []),
    ],
)
def test_a_list_is_changed_where_the_path_leads(op: str, path: str, value: Any, expected: list[str]) -> None:
    assert result(op, path, value)["deploy"]["helm"]["releases"][0]["valuesFiles"] == expected


def test_keys_are_added_removed_copied_and_moved() -> None:
    assert result("add", "/deploy/kubeContext", "x")["deploy"]["kubeContext"] == "x"
    assert "artifacts" not in result("remove", "/build/artifacts")["build"]
    copied = result("copy", "/build/artifacts/1/docker", source="/build/artifacts/0/docker")
    assert copied["build"]["artifacts"][1]["docker"] == {"dockerfile": "Dockerfile"}
    moved = result("move", "/build/first", source="/build/artifacts/0")
    assert [each["image"] for each in moved["build"]["artifacts"]] == ["web"]
    assert moved["build"]["first"]["image"] == "api"


@pytest.mark.parametrize(
    ("op", "path", "words"),
    [
        ("replace", "/build/artifact", "no /build/artifact"),
        ("replace", "/build/artifacts/2", "no /build/artifacts/2"),
        ("remove", "/deploy/helm/releases/name=other", "no /deploy/helm/releases/name=other"),
        ("test", "/build/artifacts/0/image", "not what the test says"),
        ("put", "/build", "put is none of"),
        ("add", "build", "begins with /"),
    ],
)
def test_a_patch_that_does_not_fit_is_refused_in_words(op: str, path: str, words: str) -> None:
    with pytest.raises(PatchError, match=words):
        result(op, path, "web")
