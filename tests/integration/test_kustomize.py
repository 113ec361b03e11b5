"""Kustomizations, rendered by the real kubectl."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from support.programs import require_program

from devenv.adapters.charts.kustomize import build
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.adapters.tools.toolchain import Toolchain
from devenv.errors import CommandFailedError
from devenv.runtime.observe.stack_files import kustomization_files
from devenv.spec.catalogue import load_versions

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      initContainers: [{name: wait, image: "example.org/wait:1"}]
      containers: [{name: web, image: web}, {name: side, image: "side:2"}]
"""
DIGEST = f"sha256:{'a' * 64}"


@pytest.fixture(scope="module")
def kubectl() -> Kubectl:
    path = Toolchain(load_versions().tools).locate("kubectl").path or require_program("kubectl")
    return Kubectl(path, Path("/nonexistent/kubeconfig"))


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """An overlay with a base beside it, as Flux repositories have them."""
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "deployment.yaml").write_text(DEPLOYMENT)
    (tmp_path / "base" / "kustomization.yaml").write_text("resources: [deployment.yaml]\n")
    (tmp_path / "overlays" / "dev").mkdir(parents=True)
    (tmp_path / "overlays" / "dev" / "kustomization.yaml").write_text("resources: [../../base]\nnamePrefix: dev-\n")
    return tmp_path / "overlays" / "dev"


def images(text: str) -> dict[str, str]:
    spec = yaml.safe_load(text)["spec"]["template"]["spec"]
    return {c["name"]: c["image"] for c in [*spec["initContainers"], *spec["containers"]]}


def test_images_are_left_alone_unless_named(kubectl: Kubectl, overlay: Path) -> None:
    assert images(build(kubectl, overlay)) == {"wait": "example.org/wait:1", "web": "web", "side": "side:2"}


def test_references_take_the_place_of_names(kubectl: Kubectl, overlay: Path) -> None:
    before = sorted(overlay.rglob("*"))
    wanted = [("web", "localhost/devenv/web:0123"), ("example.org/wait", f"docker.io/library/wait@{DIGEST}")]
    text = build(kubectl, overlay, wanted)
    assert yaml.safe_load(text)["metadata"]["name"] == "dev-web"
    assert images(text) == {
        "wait": f"docker.io/library/wait@{DIGEST}",
        "web": "localhost/devenv/web:0123",
        "side": "side:2",
    }
    assert sorted(overlay.rglob("*")) == before


def test_a_broken_kustomization_is_named(kubectl: Kubectl, overlay: Path) -> None:
    (overlay / "kustomization.yaml").write_text("resources: [nowhere]\n")
    with pytest.raises(CommandFailedError, match=str(overlay)):
        build(kubectl, overlay, [("web", "localhost/devenv/web:1")])


MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {colour: blue}\n"
TREE = {
    "stack/all/kustomization.yaml": "resources: [../dev, ../linked.yaml]\n",
    "elsewhere/dev/kustomization.yaml": "resources: [../base, own.yaml]\ncomponents: [../parts/one]\n",
    "elsewhere/dev/own.yaml": MAP % "own",
    "elsewhere/base/kustomization.yaml": "resources: [map.yaml]\n",
    "elsewhere/base/map.yaml": MAP % "base",
    "elsewhere/components/one/kustomization.yaml": (
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [../two.yaml]\n"
        "configMapGenerator: [{name: made, files: [../three]}]\n"
    ),
    "elsewhere/components/two.yaml": MAP % "two",
    "elsewhere/components/three": "blue",
    "elsewhere/linked.yaml": MAP % "linked",
    "stack/base/kustomization.yaml": "resources: [map.yaml]\n",
    "stack/base/map.yaml": MAP % "unused",
}
LINKS = {
    "stack/dev": "../elsewhere/dev",
    "stack/linked.yaml": "../elsewhere/linked.yaml",
    "elsewhere/parts": "components",
}


def test_every_file_that_changes_what_is_rendered_is_found(kubectl: Kubectl, tmp_path: Path) -> None:
    """Each file in turn, with links between folders: what kubectl reads, the stack's content has to cover."""
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for link, target in LINKS.items():
        (tmp_path / link).symlink_to(target)
    top = tmp_path / "stack" / "all"
    covered = {os.path.realpath(file) for file in kustomization_files(top)}
    rendered = build(kubectl, top)
    for name, text in TREE.items():
        changed = text.replace("blue", "green") if "blue" in text else f"{text}commonLabels: {{a: b}}\n"
        (tmp_path / name).write_text(changed)
        if build(kubectl, top) != rendered:
            assert os.path.realpath(tmp_path / name) in covered
        else:
            assert name.startswith("stack/base"), "the rest of the tree is used"
        (tmp_path / name).write_text(text)
