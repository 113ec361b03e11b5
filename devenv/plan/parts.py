"""Plans of commands that do a part of what `devenv up` does, or act on what it made: `reset-db`, `restart` … Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from devenv.plan.cluster_state import ClusterState
from devenv.plan.image import Mode
from devenv.plan.names import Names
from devenv.plan.observed import Observed, ObservedImages
from devenv.plan.plan import Plan, PlanNode
from devenv.plan.planner import Wanted, make_plan
from devenv.plan.provision import BUILDX, provision_images, usable
from devenv.plan.steps import (
    ApplySeeds,
    AwaitReady,
    BuildImage,
    DebugWorkload,
    FetchModule,
    InstallChart,
    InterceptWorkload,
    LoadImage,
    ProvideImage,
    ProvideTool,
    PruneBuildCache,
    ResetAws,
    ResetDatabase,
    RestartWorkloads,
    StartCluster,
    UninstallStack,
)
from devenv.plan.tasks import ObservedTask, Tasks, task_nodes
from devenv.spec.stack import StackSpec
from devenv.spec.workspace import LoadedStack

_ASKED_FOR = "asked for"
_BEFORE_ANY_CLUSTER = (ProvideTool, FetchModule, ProvideImage, PruneBuildCache)


def plan_pull(wanted: Wanted, observed: Observed) -> Plan:
    """What `up` would fetch and build, and nothing that takes a cluster.

    Raises:
        ImageError: an image can be had from nowhere.
    """
    plan = make_plan(wanted, observed)
    return Plan.of(plan.project, plan.cluster, [n for n in plan.nodes if isinstance(n.step, _BEFORE_ANY_CLUSTER)])


def plan_leading_tasks(project: Names, tasks: Tasks, observed: Mapping[str, ObservedTask]) -> Plan:
    """What of the tasks that need no stack has to run before images are made; each comes after those that it needs."""
    return Plan.of(project.project, project.cluster, task_nodes(tasks, observed, {}, ()))


def plan_build(project: Names, names: Sequence[str], images: ObservedImages, mode: Mode, *, has_buildx: bool) -> Plan:
    """What brings the named images into the engine, with what they are built on and with.

    Raises:
        ImageError: one of them can be had from nowhere in this mode.
    """
    described = images.described
    missing = [name for name in names if not images.in_engine.intersection(usable(described[name], mode))]
    nodes = [
        PlanNode(step, needs, "changed" if described[step.image].local else "missing")
        for step, needs in provision_images(images, missing, mode).steps
    ]
    if not has_buildx and any(isinstance(node.step, BuildImage) for node in nodes):
        nodes.append(PlanNode(ProvideTool(BUILDX, mode), frozenset(), "missing"))
    return Plan.of(project.project, project.cluster, nodes, [name for name in names if name not in missing])


def plan_load(project: Names, references: Mapping[str, str]) -> Plan:
    """What brings images into the nodes; `references` are those of the engine, by what the images are called."""
    # Who brings an image by hand changes it, and brings it again.
    loads = [LoadImage(name, reference, project.cluster, changes=True) for name, reference in references.items()]
    return Plan.of(project.project, project.cluster, [PlanNode(step, frozenset(), _ASKED_FOR) for step in loads])


def plan_reset(project: Names, databases: Sequence[StackSpec], aws: StackSpec | None, seeds: str) -> Plan:
    """What brings databases back to what migrations and seeds have made of them, and LocalStack to its seeds.

    Args:
        project: whose they are.
        databases: the stacks whose databases are reset.
        aws: the stack that holds the AWS seeds, where it is reset.
        seeds: the seeds document, JSON.
    """
    nodes: list[PlanNode] = []
    if aws:
        place = (aws.name, aws.layer, aws.namespace)
        nodes.append(PlanNode(ApplySeeds(*place, seeds), frozenset(), _ASKED_FOR))
        nodes.append(PlanNode(ResetAws(*place), frozenset({nodes[0].key}), _ASKED_FOR))
    for spec in databases:
        if spec.database:
            reset = ResetDatabase(spec.name, spec.layer, spec.namespace, spec.database)
            nodes.append(PlanNode(reset, frozenset(), _ASKED_FOR))
    return Plan.of(project.project, project.cluster, nodes)


def plan_restart(project: Names, stacks: Sequence[StackSpec]) -> Plan:
    """What has the pods of stacks replaced, one stack after the other, each after those that it needs."""
    nodes: list[PlanNode] = []
    for spec in stacks:
        step = RestartWorkloads(spec.name, spec.layer, spec.namespace, spec.deadline)
        nodes.append(PlanNode(step, frozenset(node.key for node in nodes[-1:]), _ASKED_FOR))
    return Plan.of(project.project, project.cluster, nodes)


def plan_borrow(
    project: Names, step: DebugWorkload | InterceptWorkload, helper: Mapping[str, str], provided: Plan
) -> Plan:
    """What changes a workload for a while.

    Args:
        project: whose it is.
        step: which workload, and how.
        helper: the image with a program that its pod gets, name to reference; empty where it gets none.
        provided: what brings that into the engine.
    """
    nodes = list(provided.nodes)
    before = frozenset(node.key for node in nodes)
    for name, reference in helper.items():
        nodes.append(PlanNode(LoadImage(name, reference, project.cluster, changes=True), before, _ASKED_FOR))
    nodes.append(PlanNode(step, frozenset(node.key for node in nodes), _ASKED_FOR))
    return Plan.of(project.project, project.cluster, nodes)


def plan_prune(project: Names, left: Sequence[UninstallStack]) -> Plan:
    """What removes stacks that the specification no longer names, all at once: their order is not known any more."""
    nodes = [PlanNode(step, frozenset(), "no longer in devenv.yaml") for step in left]
    return Plan.of(project.project, project.cluster, nodes)


def plan_start(project: Names, state: ClusterState) -> Plan:
    """What starts a cluster that does not answer; what its stacks do can be asked only then."""
    return Plan.of(project.project, project.cluster, [PlanNode(StartCluster(project.cluster), frozenset(), str(state))])


def plan_awaiting(project: Names, awaited: Sequence[LoadedStack], others: Iterable[str], why: str) -> Plan:
    """What waits until stacks that are installed are ready, all at once; `others` are ready already."""
    nodes: list[PlanNode] = []
    for stack in awaited:
        spec = stack.spec
        # Nothing is applied, so that there is no content to record.
        step = AwaitReady(spec.name, spec.layer, spec.namespace, spec.ready, spec.deadline, "", stack.root)
        nodes.append(PlanNode(step, frozenset(), why))
    return Plan.of(project.project, project.cluster, nodes, others)


def plan_round(wanted: Wanted, observed: Observed, swappable: Collection[str], images: Sequence[str]) -> Plan:
    """What brings changed images into the stacks that use them, as `devenv up` would.

    Args:
        wanted: the stacks that use the images.
        observed: as for `make_plan`.
        swappable: those of the stacks of which nothing else has changed: the images may have an early swap there.
        images: references of the new images.

    Raises:
        ImageError: one of them can be had from nowhere.
    """
    plan = make_plan(wanted, observed)
    new = tuple(images)
    nodes = tuple(
        replace(node, step=replace(node.step, swaps=new))
        if isinstance(node.step, InstallChart) and node.step.stack in swappable and not node.step.module
        else node
        for node in plan.nodes
    )
    return replace(plan, nodes=nodes)
