"""What plans are made from in tests: stacks, what is wanted of them, and what is there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.plan.observed import ClusterState, Observed, ObservedStack, StackInput
from devenv.plan.plan import Plan
from devenv.plan.planner import Provision, Wanted
from devenv.plan.steps import BuildImage, PullImage
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


@dataclass(frozen=True)
class Provider:
    """Brings images into an engine that holds some of them: those of `built` by building, others by pulling."""

    in_engine: frozenset[str] = frozenset()
    built: frozenset[str] = frozenset()

    def __call__(self, names: Sequence[str]) -> Sequence[Provision]:
        return [(self.step(name), self.needs(name)) for name in dict.fromkeys(names) if name not in self.in_engine]

    def step(self, name: str) -> BuildImage | PullImage:
        if name in self.built:
            return BuildImage(name, reference(name), Path("/recipe/Dockerfile"), Path("/recipe"))
        return PullImage(name, reference(name))

    def needs(self, name: str) -> frozenset[str]:
        return frozenset({"tool/buildx"} if name in self.built else ())


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
    )


def wanted(
    *stacks: StackSpec,
    provide: Provider = Provider(),
    module_image: str | None = None,
    unselected: Sequence[StackSpec] = (),
) -> Wanted:
    return Wanted(
        project="shop",
        cluster="devenv-shop",
        stacks=[(spec, rendered(spec)) for spec in stacks],
        needs={spec.name: spec.needs for spec in (*stacks, *unselected)},
        versions=VERSIONS,
        kind_config="nodes: [{role: control-plane}, {role: worker}]",
        node_image=reference("node"),
        tools=TOOLS,
        provide=provide,
        module_image=module_image,
    )


def observed(cluster: ClusterState = ClusterState.RUNNING, **more: Any) -> Observed:
    return Observed(**{"cluster": cluster, "tools_present": EVERY_TOOL, **more})


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
