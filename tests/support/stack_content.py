"""A project with one stack, and what its steps are made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devenv.images.content.fingerprint import FileDigests
from devenv.plan.observed import StackInput
from devenv.runtime.observe.stack_inputs import stack_inputs
from devenv.spec.project import ProjectSpec
from devenv.spec.render import ProjectFacts
from devenv.spec.seeds import Seeds
from devenv.spec.stack import StackSpec
from devenv.spec.versions import Versions
from devenv.spec.workspace import LoadedStack, Workspace

FACTS = ProjectFacts("shop", "dev", 8080, 8443, "shop")
MODULE = "example.org/operator"
CHECKSUM, OTHER_CHECKSUM = f"h1:{'A' * 43}=", f"h1:{'B' * 43}="
FILES = {
    "chart/Chart.yaml": "name: web",
    "chart/templates/web.yaml": "kind: Service",
    "manifests/all.yaml": "kind: ConfigMap",
    "overlays/dev/kustomization.yaml": "resources: [../../base]",
    "overlays/prod/kustomization.yaml": "resources: [../../base]",
    "base/kustomization.yaml": "resources: []",
    "ready/object.yaml": "kind: ExternalSecret",
    "README.md": "A stack",
}
SPEC: dict[str, Any] = {
    "name": "web",
    "layer": "04-apps",
    "summary": "A stack",
    "namespace": "apps",
    "version": "1",
    "sources": [{"chart": {"path": "chart"}}, {"manifests": {"path": "manifests"}}],
    "images": {"web": {"repository": "image.repository", "tag": "image.tag"}},
    "values": {"first": 1, "second": {"a": 1, "b": 2}},
    "ready": [{"dry_run": {"path": "ready/object.yaml"}}],
}


def versions(checksum: str = CHECKSUM) -> Versions:
    return Versions.model_validate(
        {
            "tools": {},
            "modules": {MODULE: {"version": "v1.0.0", "sum": checksum}},
            "node": {"kubernetes": "v1.36.3", "image": "kind-node"},
            "images": {},
        }
    )


def write(top: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text, encoding="utf-8")


def workspace(
    root: Path,
    *,
    profile_values: dict[str, Any] | None = None,
    chosen: dict[str, Any] | None = None,
    seeds: Mapping[str, Any] | None = None,
    checksum: str = CHECKSUM,
    **spec: Any,
) -> Workspace:
    stack = LoadedStack(StackSpec.model_validate(SPEC | spec), root, builtin=False, profile_values=profile_values or {})
    choice = {"name": "web", "values": chosen or {}}
    return Workspace(
        project=ProjectSpec.model_validate({"project": "shop", "stacks": [choice]}),
        root=root.parent,
        stacks={"web": stack},
        selected=("web",),
        versions=versions(checksum),
        seeds=Seeds.model_validate(seeds or {}),
    )


def rendered(project: Workspace, facts: ProjectFacts = FACTS, image: str = "registry.test/web:1") -> StackInput:
    images = {"web": image, "other": "registry.test/other:1"}
    ((spec, made),) = stack_inputs(project, ["web"], facts, images, FileDigests(), environ={})
    assert spec == project.stacks["web"].spec
    return made


def content(*arguments: Any, **more: Any) -> str:
    return rendered(*arguments, **more).content
