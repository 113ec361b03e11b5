"""Step -> adapter: what each step of a plan does. One exhaustive match, no decisions."""

from __future__ import annotations

from typing import assert_never

from devenv.plan.steps import (
    AnyClusterStep,
    AnyProvideStep,
    AnyStackStep,
    AnyTaskStep,
    ApplyCa,
    ApplyLicence,
    ApplyManifests,
    ApplySeeds,
    ApplyTls,
    AssembleNodeImage,
    AwaitNodeRuntime,
    AwaitReady,
    BootstrapImage,
    BuildImage,
    CreateCluster,
    DebugWorkload,
    FetchModule,
    GrowClaim,
    InstallChart,
    InterceptWorkload,
    LoadImage,
    MarkCluster,
    PrepareDatabase,
    ProvideTool,
    PruneBuildCache,
    PullImage,
    RefreshSecrets,
    RemoveBrokenCluster,
    ReplaceObject,
    ResetAws,
    ResetDatabase,
    RestartWorkloads,
    RunHook,
    RunTask,
    StartCluster,
    StartServing,
    Step,
    UninstallStack,
)
from devenv.runtime.step_context import StepContext
from devenv.runtime.steps import borrowing, removals, replacements, restarts, seeding
from devenv.runtime.steps import cluster as cluster_steps
from devenv.runtime.steps import databases as database_steps
from devenv.runtime.steps import images as image_steps
from devenv.runtime.steps import stacks as stack_steps
from devenv.runtime.tasks import running as task_steps


def execute(step: Step, context: StepContext) -> str:
    """Do one step; returns a short detail for the report.

    Raises:
        DevenvError: the step failed.
    """
    if isinstance(step, AnyProvideStep):
        return _provide(step, context)
    if isinstance(step, AnyClusterStep):
        return _on_cluster(step, context)
    if isinstance(step, AnyTaskStep):
        return _of_task(step, context)
    return _on_stack(step, context)


def _provide(step: AnyProvideStep, context: StepContext) -> str:
    match step:
        case ProvideTool():
            return image_steps.provide_tool(step, context)
        case FetchModule():
            return image_steps.fetch_module(step, context)
        case BootstrapImage() | PullImage() | BuildImage():
            return image_steps.provide_image(step, context)
        case AssembleNodeImage():
            return image_steps.assemble_node_image(step, context)
        case PruneBuildCache():
            return image_steps.prune_build_cache(step, context)
        case LoadImage():
            return image_steps.load_image(step, context)
    assert_never(step)


def _on_cluster(step: AnyClusterStep, context: StepContext) -> str:
    match step:
        case RemoveBrokenCluster():
            return cluster_steps.remove_broken(step, context)
        case CreateCluster():
            return cluster_steps.create(step, context)
        case MarkCluster():
            return cluster_steps.mark(step, context)
        case StartCluster():
            return cluster_steps.start(step, context)
        case AwaitNodeRuntime():
            return cluster_steps.await_node_runtime(step, context)
    assert_never(step)


def _of_task(step: AnyTaskStep, context: StepContext) -> str:
    match step:
        case RunTask():
            return task_steps.run_task(step, context)
        case StartServing():
            return task_steps.start_serving(step, context)
    assert_never(step)


def _on_stack(step: AnyStackStep, context: StepContext) -> str:  # noqa: C901, PLR0911, PLR0912 -- a line for each type
    match step:
        case RunHook():
            return stack_steps.run_hook(step, context)
        case ApplySeeds():
            return seeding.apply_seeds(step, context)
        case RefreshSecrets():
            return seeding.refresh_secrets(step, context)
        case ApplyCa():
            return stack_steps.apply_ca(step, context)
        case ApplyTls():
            return stack_steps.apply_tls(step, context)
        case ApplyLicence():
            return stack_steps.apply_licence(step, context)
        case GrowClaim():
            return replacements.grow_claim(step, context)
        case ReplaceObject():
            return replacements.replace_object(step, context)
        case ApplyManifests():
            return stack_steps.apply_manifests(step, context)
        case InstallChart():
            return stack_steps.install_chart(step, context)
        case PrepareDatabase():
            return database_steps.prepare_database(step, context)
        case ResetDatabase():
            return database_steps.reset_database(step, context)
        case ResetAws():
            return database_steps.reset_aws(step, context)
        case RestartWorkloads():
            return restarts.restart_workloads(step, context)
        case DebugWorkload() | InterceptWorkload():
            return borrowing.borrow_workload(step, context)
        case UninstallStack():
            return removals.uninstall_stack(step, context)
        case AwaitReady():
            return stack_steps.await_ready(step, context)
    assert_never(step)
