"""What plans are made from in tests: stacks, what is wanted of them, and what is there already."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from devenv.plan.cluster_state import ClusterState
from devenv.plan.image import Image, Recipe
from devenv.plan.kind_config import KindConfig
from devenv.plan.observed import Observed, ObservedImages, ObservedStack, StackInput
from devenv.plan.plan import Plan
from devenv.plan.planner import Wanted
from devenv.spec.stack import StackSpec
from devenv.spec.versions import Versions

MODULE = "example.org/operator"
PINNED = {"version": "v1.2.3", "sum": f"h1:{'A' * 43}="}
VERSIONS = Versions.model_validate(
    {"tools": {}, "modules": {MODULE: PINNED}, "node": {"kubernetes": "v1.36.3", "image": "kind-node"}, "images": {}}
)
TOOLS = ("kind", "helm", "kubectl")
EVERY_TOOL = frozenset({*TOOLS, "buildx"})
PLACE = {"repository": "image.repository", "tag": "image.tag"}
CHART = {"chart": {"path": "chart"}}
HOOK = {"kubectl": ["get", "pods"]}


IMAGES = ("alpha", "beta", "envoy", "golang", "node", "operator", "store", "web")


def images(*, in_engine: Collection[str] = (), built: Collection[str] = ()) -> ObservedImages:
    """An engine that holds some images, beside a registry that has all but those of `built`, which are made here."""
    return ObservedImages(
        described={name: image(name, built=name in built) for name in IMAGES},
        in_engine=frozenset(reference(name) for name in in_engine),
        registries={"registry.test": True},
    )


def image(name: str, *, built: bool = False) -> Image:
    """An image that a registry has, or that is made here of no other."""
    recipe = Recipe(Path("/recipe/Dockerfile"), Path("/recipe"), None, (), ())
    if built:
        return Image(name, "1", None, None, reference(name), recipe)
    return Image(name, "1", reference(name), None, None, None)


def reference(image: str) -> str:
    return f"registry.test/{image}:1"


def stack(name: str, *needs: str, **more: Any) -> StackSpec:
    document = {"layer": "02-infrastructure", "summary": "A stack", "namespace": "space", "version": "1"}
    return StackSpec.model_validate({"name": name, "needs": needs, "sources": [CHART], **document, **more})


def rendered(spec: StackSpec, content: str = "wanted") -> StackInput:
    return StackInput(
        name=spec.name,
        root=Path("/stacks") / spec.name,
        values="{}",
        content=content,
        images={image: reference(image) for image in spec.images},
        seeds="{}" if spec.seeds else "",
        domain="shop.localhost",
        sources=tuple(f"/stacks/{spec.name}/{index}" for index, _ in enumerate(spec.sources)),
        pinned={index: f"pinned {index}" for index, s in enumerate(spec.sources) if s.manifests and s.manifests.module},
    )


def wanted(
    *stacks: StackSpec,
    module_image: str | None = None,
    unselected: Sequence[StackSpec] = (),
) -> Wanted:
    return Wanted(
        project="shop",
        cluster="devenv-shop",
        stacks=[(spec, rendered(spec)) for spec in stacks],
        needs={spec.name: spec.needs for spec in (*stacks, *unselected)},
        versions=VERSIONS,
        kind_config=KindConfig("nodes: [{role: control-plane}, {role: worker}]", ("control-plane", "worker")),
        references={"node": reference("node")} | {name: reference(name) for spec in stacks for name in spec.images},
        tools=TOOLS,
        module_image=module_image,
    )


def observed(cluster: ClusterState = ClusterState.RUNNING, **more: Any) -> Observed:
    return Observed(**{"cluster": cluster, "tools_present": EVERY_TOOL, "images": images(), **more})


def recorded(*stacks: StackSpec, **differing: ObservedStack) -> Mapping[str, ObservedStack]:
    return {spec.name: ObservedStack("wanted", ready=True) for spec in stacks} | differing


def needs_of(plan: Plan) -> dict[str, set[str]]:
    return {node.key: set(node.needs) for node in plan.nodes}


def reasons_of(plan: Plan) -> dict[str, str]:
    return {node.key: node.reason for node in plan.nodes}


def before(plan: Plan, key: str) -> set[str]:
    """All steps that have to be done before this one."""
    needs, found, left = needs_of(plan), set[str](), [key]
    while left:
        fresh = needs[left.pop()] - found
        found |= fresh
        left += fresh
    return found


SPACES = stack("spaces")
STORE = stack("store", "spaces", images={"store": PLACE})
WEB = stack("web", "store", images={"web": PLACE})
ALL = (SPACES, STORE, WEB)
