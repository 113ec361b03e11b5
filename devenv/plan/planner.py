"""(specs, what is there) -> Plan. Pure: no client, no file, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from devenv.errors import ForeignClusterError
from devenv.plan.kind_config import node_roles
from devenv.plan.observed import ClusterState, Observed, StackInput
from devenv.plan.plan import Plan, PlanDraft
from devenv.plan.stack_steps import add_stack, await_ready
from devenv.plan.steps import (
    AwaitNodeRuntime,
    BuildImage,
    CreateCluster,
    FetchModule,
    LoadImage,
    ProvideTool,
    PruneBuildCache,
    RemoveBrokenCluster,
    StartCluster,
    Step,
)
from devenv.spec.needs import Needs, nearest
from devenv.spec.stack import StackSpec
from devenv.spec.versions import Versions

Provision = tuple[Step, frozenset[str]]
"""A step that brings an image into the engine, and the keys of the steps that it needs."""

BUILDX = "buildx"
_ASLEEP = (ClusterState.STOPPED, ClusterState.UNREACHABLE)
_NONE_YET = (ClusterState.ABSENT, ClusterState.BROKEN)
BUILD_CACHE_BYTES = 14 * 1024**3
"""Kept of the builders' caches: enough to rebuild any one recipe quickly, within the 30 GB of a whole environment."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything that a plan is made from, apart from what is there already."""

    project: str
    cluster: str
    stacks: Sequence[tuple[StackSpec, StackInput]]
    """The selected stacks, each after those that it needs."""
    needs: Needs
    """All stacks of the project with those that they need: an order holds through stacks in between too."""
    versions: Versions
    kind_config: str
    node_image: str
    """Reference of the node image."""
    tools: Sequence[str]
    """Programs that running the plan takes."""
    provide: Callable[[Sequence[str]], Sequence[Provision]]
    """Steps that bring the named images into the engine, bases first; pure."""
    module_image: str | None = None
    """Image in which Go modules are fetched; None where the host has Go."""
    prunes_cache: bool = False
    """Whether the engine's build cache is devenv's to keep small."""
    node_image_name: str = "node"
    balancer_image: str | None = None
    """Reference of the image of the load balancer; None where kind makes none, before a single control plane."""
    balancer_image_name: str = "envoy"

    @property
    def cluster_images(self) -> tuple[str, ...]:
        """The images that kind starts containers of, by name."""
        return (self.node_image_name, *([self.balancer_image_name] if self.balancer_image else []))


def make_plan(wanted: Wanted, observed: Observed) -> Plan:
    """The steps from what is there to what is wanted.

    Raises:
        ForeignClusterError: a cluster of that name exists that devenv did not make.
        ImageError: an image can be had from nowhere.
    """
    if observed.cluster is ClusterState.FOREIGN:
        raise ForeignClusterError(
            f"cluster {wanted.cluster} exists, and devenv did not make it",
            hint=f"choose another project name in devenv.yaml, or: kind delete cluster --name {wanted.cluster}",
        )
    draft = PlanDraft()
    if observed.cluster in _ASLEEP:
        return _start(draft, wanted, observed)
    fresh = observed.cluster in _NONE_YET
    reasons = {spec.name: _reason(spec, rendered, observed, fresh) for spec, rendered in wanted.stacks}
    cluster = frozenset({"cluster/create", *(f"tool/{tool}" for tool in wanted.tools)})
    planned = {name for name, reason in reasons.items() if reason}
    for spec, rendered in wanted.stacks:
        reason = reasons[spec.name]
        needs = frozenset(f"ready/{need}" for need in nearest(wanted.needs, spec.name, planned))
        if reason == "not ready":
            draft.add(await_ready(spec, rendered), needs | cluster, reason)
        elif reason:
            known = observed.obstacles.get(spec.name, ())
            is_new = spec.name in observed.fresh_databases
            add_stack(draft, spec, rendered, cluster=cluster, needs=needs, reason=reason, obstacles=known, fresh=is_new)
    modules = _add_modules(draft, wanted, observed, reasons)
    _add_images(draft, wanted, observed, reasons, fresh=fresh, modules=modules)
    if fresh:
        _add_cluster(draft, wanted, observed)
    _add_tools(draft, wanted, observed)
    unchanged = tuple(name for name, reason in reasons.items() if not reason)
    return draft.finish(wanted.project, wanted.cluster, unchanged)


def _start(draft: PlanDraft, wanted: Wanted, observed: Observed) -> Plan:
    """The first of two plans: what a cluster records can be compared only once it runs."""
    draft.add(StartCluster(wanted.cluster), reason=str(observed.cluster))
    return draft.finish(wanted.project, wanted.cluster, ())


def _add_tools(draft: PlanDraft, wanted: Wanted, observed: Observed) -> None:
    """Programs that steps of the plan run; buildx first, since the others may have to be built."""
    if not draft:
        return
    missing = [tool for tool in wanted.tools if tool not in observed.tools_present]
    # Where the host has no Go, modules are fetched by a build.
    built = (BuildImage, FetchModule) if wanted.module_image else BuildImage
    builds = missing or any(isinstance(step, built) for step in draft.steps())
    if builds and BUILDX not in observed.tools_present:
        draft.add(ProvideTool(BUILDX), reason="missing")
    for tool in missing:
        draft.add(ProvideTool(tool), {f"tool/{BUILDX}"}, "missing")


def _add_modules(draft: PlanDraft, wanted: Wanted, observed: Observed, reasons: Mapping[str, str]) -> bool:
    """Fetches of modules that are not in the cache; tells whether there are any."""
    before = {f"image/{wanted.module_image}", f"tool/{BUILDX}"} if wanted.module_image else set()
    wanted_modules = {
        named.module
        for spec, _ in wanted.stacks
        if reasons[spec.name] not in ("", "not ready")
        for source in spec.sources
        if (named := source.chart or source.manifests) and named.module
    }
    missing = sorted(wanted_modules - observed.modules_present)
    for module in missing:
        pinned = wanted.versions.modules[module]
        draft.add(FetchModule(module, pinned.version, pinned.sum), before, "missing")
    return bool(missing)


def stacks_to_install(wanted: Wanted, observed: Observed) -> list[tuple[StackSpec, StackInput]]:
    """The stacks that a plan will install, be it anew or over what is there."""
    fresh = observed.cluster is not ClusterState.RUNNING
    return [
        (spec, rendered)
        for spec, rendered in wanted.stacks
        if _reason(spec, rendered, observed, fresh) not in ("", "not ready")
    ]


def _reason(spec: StackSpec, rendered: StackInput, observed: Observed, fresh: bool) -> str:  # noqa: FBT001 -- one of four facts
    known = observed.stacks.get(spec.name)
    if fresh or known is None:
        return "new"
    reasons = {
        "interrupted": known.pending,
        "incomplete": known.missing or not known.content,
        "changed": known.content != rendered.content,
        "to be reset": rendered.renewed,
        "not recorded": not known.recorded,
        "drifted": known.drifted,
        "not ready": not known.ready,
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def _add_images(
    draft: PlanDraft,
    wanted: Wanted,
    observed: Observed,
    reasons: Mapping[str, str],
    *,
    fresh: bool,
    modules: bool,
) -> None:
    """Loads of images that a stack to be installed uses and some node lacks; builds and pulls of those lacking here."""
    loads: dict[str, str] = {}
    for spec, rendered in wanted.stacks:
        if reasons[spec.name] not in ("", "not ready"):
            loads.update({n: ref for n, ref in rendered.images.items() if fresh or ref not in observed.images_on_nodes})
    needed = [*loads, *(wanted.cluster_images if fresh else ())]
    if modules and wanted.module_image:
        needed.append(wanted.module_image)
    provisions = wanted.provide(needed)
    for step, needs in provisions:
        draft.add(step, needs, "missing")
    if wanted.prunes_cache and any(isinstance(step, BuildImage) for step, _ in provisions):
        draft.add(PruneBuildCache(BUILD_CACHE_BYTES), {step.key for step, _ in provisions}, "after builds")
    for name, reference in loads.items():
        before = {f"image/{name}", "cluster/node-runtime"}
        draft.add(LoadImage(name, reference, wanted.cluster), before, "new" if fresh else "changed")


def _add_cluster(draft: PlanDraft, wanted: Wanted, observed: Observed) -> None:
    before = {"tool/kind", *(f"image/{name}" for name in wanted.cluster_images)}
    if observed.cluster is ClusterState.BROKEN:
        before.add(draft.add(RemoveBrokenCluster(wanted.cluster), reason="interrupted"))
    create = CreateCluster(wanted.cluster, wanted.node_image, wanted.kind_config, wanted.balancer_image)
    draft.add(create, before, "new")
    draft.add(AwaitNodeRuntime(wanted.cluster, len(node_roles(wanted.kind_config))), before, "new")
