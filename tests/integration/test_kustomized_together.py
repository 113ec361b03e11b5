"""Kustomizations that are rendered at once come to what each comes to alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

from support.overlay_project import write_overlay_project
from support.programs import require_tool

from devenv.adapters.charts import kustomize
from devenv.adapters.kubernetes import manifests
from devenv.adapters.kubernetes.json_objects import Json
from devenv.adapters.kubernetes.kubectl import Kubectl
from devenv.plan.steps import ApplyManifests
from devenv.runtime.examination.batches import TOGETHER, chunks, render_together

NAMES = ("one", "other", "third", "broken")
FURTHER = """\
apiVersion: v1
kind: Namespace
metadata: {name: shared}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: same, annotations: {kept: "yes"}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: same}
subjects: [{kind: ServiceAccount, name: same}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: same}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: same}
"""
IMAGES = (("registry.example/one", "localhost/devenv/one:abc"),)


def step(folder: Path, images: tuple[tuple[str, str], ...] = ()) -> ApplyManifests:
    return ApplyManifests("web", "04-apps", "web", 0, str(folder), kustomize=True, images=images)


def plain(objects: list[Json]) -> list[str]:
    """Without the hashes behind generated names, which are others; in one order."""
    return sorted(re.sub(r"settings-\w{10}", "settings", json.dumps(item, sort_keys=True)) for item in objects)


def test_each_comes_to_the_same_and_a_broken_one_is_left_out(tmp_path: Path) -> None:
    kubectl = Kubectl(require_tool("kubectl"), tmp_path / "none")
    project = write_overlay_project(tmp_path / "shop", NAMES, chart="")
    steps = []
    for name in NAMES:
        stack = project / "stacks/04-apps" / name
        with (stack / "base/others.yaml").open("a") as file:
            file.write("---\n" + FURTHER)
        steps.append(step(stack / "overlays/prod", IMAGES if name == "one" else ()))
    (project / "stacks/04-apps/broken/base/secret.yaml").unlink()
    # Apart from each other, since all of them hold the namespace `shared`: halves are rendered until none is left.
    assert render_together(steps, kubectl) == {}
    for name in NAMES[:2]:
        others = project / "stacks/04-apps" / name / "base/others.yaml"
        others.write_text(others.read_text().replace("name: shared", f"name: {name}-shared"))

    found = render_together(steps, kubectl)

    assert set(found) == {0, 1}
    for place, objects in found.items():
        alone = kustomize.build(kubectl, Path(steps[place].path), steps[place].images)
        assert plain(objects) == plain(manifests.documents(alone))
        assert "devenv.io/one-of" not in json.dumps(objects)
        assert "devenv-one-of" not in json.dumps(objects)


def test_what_counts_for_a_whole_rendering_is_rendered_alone(tmp_path: Path) -> None:
    project = write_overlay_project(tmp_path / "shop", ("one", "other"), chart="")
    overlays = [project / "stacks/04-apps" / name / "overlays/dev" for name in ("one", "other")]
    with (overlays[0] / "kustomization.yaml").open("a") as file:
        file.write("openapi: {path: schema.json}\n")
    assert list(chunks(map(step, overlays))) == [[step(overlays[1])]]
    assert [len(part) for part in chunks(step(overlays[1]) for _ in range(TOGETHER + 1))] == [TOGETHER, 1]
