"""(specs, what is there) -> Plan. Pure: no client, no file, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from devenv.errors import ForeignClusterError
from devenv.plan.cluster_state import ClusterState
from devenv.plan.image import Mode
from devenv.plan.kind_config import KindConfig
from devenv.plan.namespace_prefix import require_same_prefix
from devenv.plan.observed import Observed, ObservedStack, StackInput
from devenv.plan.plan import Plan, PlanNode
from devenv.plan.provision import BUILDX, Provisions, provision_images
from devenv.plan.stack_steps import (
    AWAITED_ALONE,
    DEBUGGED,
    INTERCEPTED,
    NOT_READY,
    PINNED_OTHERWISE,
    PINNED_SINCE,
    SYNCED,
    sources_to_apply,
    stack_nodes,
)
from devenv.plan.steps import (
    AwaitNodeRuntime,
    BuildImage,
    CreateCluster,
    FetchModule,
    GrowClaim,
    LoadImage,
    MarkCluster,
    ProvideTool,
    PruneBuildCache,
    RemoveBrokenCluster,
    ReplaceObject,
    StartCluster,
    image_key,
    ready_key,
    tool_key,
)
from devenv.plan.tasks import reasons_to_run, task_nodes
from devenv.spec.needs import Needs, nearest
from devenv.spec.stack import StackSpec
from devenv.spec.tasks.task import Task
from devenv.spec.versions import BALANCER, NODE, Versions

_ASLEEP = (ClusterState.STOPPED, ClusterState.UNREACHABLE)
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
    kind_config: KindConfig
    references: Mapping[str, str]
    """Image name to the reference that is used, for the stacks and for the containers that kind starts."""
    tools: Sequence[str]
    """Programs that running the plan takes."""
    images: Mode = "auto"
    """Where images may come from that have to be provided."""
    module_image: str | None = None
    """Image in which Go modules are fetched; None where the host has Go."""
    assumed_prefix: str = ""
    """What the namespaces of built-in stacks begin with, where devenv.yaml does not say it; empty where it does."""
    tasks: Mapping[str, Task] = field(default_factory=dict)
    """Commands of this machine, each after those that it needs."""
    prunes_cache: bool = False
    """Whether the engine's build cache is devenv's to keep small."""

    @property
    def cluster_images(self) -> tuple[str, ...]:
        """The images that kind starts containers of, by name; no load balancer before a single control plane."""
        return tuple(name for name in (NODE, BALANCER) if name in self.references)


def make_plan(wanted: Wanted, observed: Observed) -> Plan:
    """The steps from what is there to what is wanted.

    Raises:
        ForeignClusterError: a cluster of that name exists that devenv did not make.
        NamespacePrefixError: the cluster's namespaces begin otherwise, and nobody has asked for others.
        ImageError: an image can be had from nowhere.
    """
    if observed.cluster is ClusterState.FOREIGN:
        raise ForeignClusterError(
            f"cluster {wanted.cluster} exists, and devenv did not make it",
            hint=f"choose another project name in devenv.yaml, or: kind delete cluster --name {wanted.cluster}",
        )
    if observed.cluster in _ASLEEP:
        # The first of two plans: what a cluster records can be compared only once it runs.
        start = PlanNode(StartCluster(wanted.cluster), frozenset(), str(observed.cluster))
        return Plan.of(wanted.project, wanted.cluster, [start])
    spaces = {name: known.namespaces for name, known in observed.stacks.items()}
    require_same_prefix(wanted.assumed_prefix, {spec.name: spec.namespace for spec, _ in wanted.stacks}, spaces)
    reasons = reasons_to_install(wanted, observed)
    there = observed.images.in_engine
    lacking = [name for name in needed_images(wanted, observed) if wanted.references.get(name) not in there]
    provisions = provision_images(observed.images, lacking, wanted.images, wanted.references)
    nodes = [
        *_without_repeated_replacements(_stacks(wanted, observed, reasons)),
        *_modules(wanted, observed, provisions),
        *_images(wanted, observed, provisions),
        *(_cluster(wanted, observed) if observed.cluster.is_to_be_made else ()),
    ]
    planned = {name for name, reason in reasons.items() if reason}
    tasks = task_nodes(wanted.tasks, observed.tasks, wanted.needs, planned)
    reasons |= reasons_to_run(wanted.tasks, observed.tasks)
    unchanged = [name for name, reason in reasons.items() if not reason]
    return Plan.of(wanted.project, wanted.cluster, [*nodes, *_tools(wanted, observed, nodes), *tasks], unchanged)


def reasons_to_install(wanted: Wanted, observed: Observed) -> dict[str, str]:
    """Why each selected stack is installed, or awaited where it is not ready; empty where nothing is to be done."""
    return {spec.name: _reason(spec, rendered, observed) for spec, rendered in wanted.stacks}


def stacks_to_install(wanted: Wanted, observed: Observed) -> list[tuple[StackSpec, StackInput]]:
    """The stacks that a plan will install, be it anew or over what is there."""
    reasons = reasons_to_install(wanted, observed)
    left = {"", *AWAITED_ALONE}
    return [(spec, rendered) for spec, rendered in wanted.stacks if reasons[spec.name] not in left]


def is_newly_pinned(rendered: StackInput, known: ObservedStack | None) -> bool:
    """Whether nothing of a stack has changed but that digests pin its images now."""
    return known is not None and known.content == rendered.unpinned_content != rendered.content


def needed_images(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """The images that a plan needs in the engine: so what has to be known of an engine before the plan is made."""
    cluster = wanted.cluster_images if observed.cluster.is_to_be_made else ()
    modules = [wanted.module_image] if wanted.module_image and _missing_modules(wanted, observed) else []
    return (*_loads(wanted, observed), *cluster, *modules)


def _reason(spec: StackSpec, rendered: StackInput, observed: Observed) -> str:
    known = observed.stacks.get(spec.name)
    if known is None or observed.cluster is not ClusterState.RUNNING:
        return "new"
    reasons = {
        "interrupted": known.pending,
        "incomplete": known.missing or not known.content,
        PINNED_SINCE: is_newly_pinned(rendered, known) and spec.name in observed.proven_pins and not rendered.renewed,
        PINNED_OTHERWISE: is_newly_pinned(rendered, known),
        "changed": known.content != rendered.content,
        "to be reset": rendered.renewed,
        "not recorded": not known.recorded,
        "drifted": known.drifted,
        DEBUGGED: known.left_by == "debug",
        INTERCEPTED: known.left_by == "intercept",
        SYNCED: known.synced,
        NOT_READY: not known.ready,
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def _stacks(wanted: Wanted, observed: Observed, reasons: Mapping[str, str]) -> Iterable[PlanNode]:
    cluster = frozenset({CreateCluster.KEY, *(tool_key(tool) for tool in wanted.tools)})
    planned = {name for name, reason in reasons.items() if reason}
    for spec, rendered in wanted.stacks:
        before = cluster | {ready_key(need) for need in nearest(wanted.needs, spec.name, planned)}
        if reasons[spec.name]:
            yield from stack_nodes(
                spec,
                rendered,
                before=before,
                cluster=cluster,
                reason=reasons[spec.name],
                blockers=observed.blockers.get(spec.name, ()),
                untouched=observed.untouched(spec.name),
                fresh=spec.name in observed.fresh_databases,
            )


def _without_repeated_replacements(nodes: Iterable[PlanNode]) -> Iterable[PlanNode]:
    """An object that several sources hold is replaced, or grows, before the first of them alone."""
    given: set[str] = set()
    for node in nodes:
        if isinstance(node.step, GrowClaim | ReplaceObject):
            if node.key in given:
                continue
            given.add(node.key)
        yield node


def _missing_modules(wanted: Wanted, observed: Observed) -> list[str]:
    used = {
        step.module
        for spec, rendered in stacks_to_install(wanted, observed)
        for step in sources_to_apply(spec, rendered, observed.untouched(spec.name))
        if step.module
    }
    return sorted(used - observed.modules_present)


def _modules(wanted: Wanted, observed: Observed, provisions: Provisions) -> list[PlanNode]:
    """Fetches of modules that are not in the cache."""
    image, pinned = wanted.module_image, wanted.versions.modules
    before = frozenset({image_key(image), tool_key(BUILDX)} if image else ())
    return [
        PlanNode(FetchModule(name, pinned[name].version, pinned[name].sum, reference), before, "missing")
        for name in _missing_modules(wanted, observed)
        for reference in (provisions.references[image] if image else "",)
    ]


def _loads(wanted: Wanted, observed: Observed) -> dict[str, str]:
    """The images that a stack to be installed uses and some node lacks; a new cluster's nodes hold nothing."""
    there = frozenset[str]() if observed.cluster.is_to_be_made else observed.images_on_nodes
    used = [rendered.images.items() for _, rendered in stacks_to_install(wanted, observed)]
    return {name: reference for images in used for name, reference in images if reference not in there}


def _images(wanted: Wanted, observed: Observed, provisions: Provisions) -> list[PlanNode]:
    """Loads of images into the nodes; builds and pulls of those that the engine lacks."""
    nodes = [PlanNode(step, needs, "missing") for step, needs in provisions.steps]
    if wanted.prunes_cache and any(isinstance(step, BuildImage) for step, _ in provisions.steps):
        built = frozenset(step.key for step, _ in provisions.steps)
        nodes.append(PlanNode(PruneBuildCache(BUILD_CACHE_BYTES), built, "after builds"))
    why = "new" if observed.cluster.is_to_be_made else "changed"
    for name, reference in _loads(wanted, observed).items():
        local = observed.images.described[name].local
        before = frozenset({image_key(name), AwaitNodeRuntime.KEY})
        nodes.append(PlanNode(LoadImage(name, reference, wanted.cluster, local), before, why))
    return nodes


def _cluster(wanted: Wanted, observed: Observed) -> list[PlanNode]:
    nodes = []
    before = frozenset({tool_key("kind"), *(image_key(name) for name in wanted.cluster_images)})
    if observed.cluster is ClusterState.BROKEN:
        nodes.append(PlanNode(RemoveBrokenCluster(wanted.cluster), frozenset(), "interrupted"))
        before |= {nodes[0].key}
    references = wanted.references
    config, count = wanted.kind_config.text, len(wanted.kind_config.roles)
    create = CreateCluster(wanted.cluster, references[NODE], config, count, references.get(BALANCER))
    runtime = AwaitNodeRuntime(wanted.cluster, count)
    # Nothing waits for the marks: they are written to the disk itself, which images on their way keep busy.
    mark = PlanNode(MarkCluster(wanted.cluster), frozenset({create.key}), "new")
    return [*nodes, PlanNode(create, before, "new"), PlanNode(runtime, before, "new"), mark]


def _tools(wanted: Wanted, observed: Observed, nodes: Sequence[PlanNode]) -> list[PlanNode]:
    """Programs that steps of the plan run; buildx first, since the others may have to be built."""
    if not nodes:
        return []
    missing = [tool for tool in wanted.tools if tool not in observed.tools_present]
    # Where the host has no Go, modules are fetched by a build.
    built = (BuildImage, FetchModule) if wanted.module_image else BuildImage
    builds = bool(missing) or any(isinstance(node.step, built) for node in nodes)
    first = [BUILDX] if builds and BUILDX not in observed.tools_present else []
    return [
        *(PlanNode(ProvideTool(tool, wanted.images), frozenset(), "missing") for tool in first),
        *(PlanNode(ProvideTool(tool, wanted.images), frozenset({tool_key(BUILDX)}), "missing") for tool in missing),
    ]
