"""The steps a plan is made of: frozen values, never clients.

Every step knows its key (unique in a plan), its title (imperative, for people) and its group (where it is shown).
`devenv.runtime.run.execute` matches these types exhaustively.
"""

from __future__ import annotations

from devenv.plan.steps.cluster import AwaitNodeRuntime, CreateCluster, MarkCluster, RemoveBrokenCluster, StartCluster
from devenv.plan.steps.provide import (
    AssembleNodeImage,
    BootstrapImage,
    BuildImage,
    FetchModule,
    LoadImage,
    ProvideImage,
    ProvideTool,
    PruneBuildCache,
    PullImage,
    image_key,
    load_key,
    module_key,
    tool_key,
)
from devenv.plan.steps.stack import (
    ApplyCa,
    ApplyLicence,
    ApplyManifests,
    ApplySeeds,
    ApplyTls,
    AwaitReady,
    BorrowWorkload,
    CarriedFolder,
    DebugWorkload,
    GrowClaim,
    InstallChart,
    InterceptWorkload,
    PrepareDatabase,
    RefreshSecrets,
    ReplaceObject,
    ResetAws,
    ResetDatabase,
    RestartWorkloads,
    RunHook,
    StackStep,
    UninstallStack,
    ready_key,
)
from devenv.plan.steps.task import RunTask, StartServing, serve_key, task_key

__all__ = [
    "AnyClusterStep",
    "AnyProvideStep",
    "AnyStackStep",
    "AnyTaskStep",
    "ApplyCa",
    "ApplyLicence",
    "ApplyManifests",
    "ApplySeeds",
    "ApplyTls",
    "AssembleNodeImage",
    "AwaitNodeRuntime",
    "AwaitReady",
    "BootstrapImage",
    "BorrowWorkload",
    "BuildImage",
    "CarriedFolder",
    "CreateCluster",
    "DebugWorkload",
    "FetchModule",
    "GrowClaim",
    "InstallChart",
    "InterceptWorkload",
    "LoadImage",
    "MarkCluster",
    "PrepareDatabase",
    "ProvideImage",
    "ProvideTool",
    "PruneBuildCache",
    "PullImage",
    "RefreshSecrets",
    "RemoveBrokenCluster",
    "ReplaceObject",
    "ResetAws",
    "ResetDatabase",
    "RestartWorkloads",
    "RunHook",
    "RunTask",
    "StackStep",
    "StartCluster",
    "StartServing",
    "Step",
    "UninstallStack",
    "image_key",
    "load_key",
    "module_key",
    "ready_key",
    "serve_key",
    "task_key",
    "tool_key",
]

AnyProvideStep = (
    ProvideTool
    | FetchModule
    | BootstrapImage
    | PullImage
    | BuildImage
    | AssembleNodeImage
    | PruneBuildCache
    | LoadImage
)
AnyClusterStep = RemoveBrokenCluster | StartCluster | CreateCluster | MarkCluster | AwaitNodeRuntime
AnyStackStep = (
    RunHook
    | ApplySeeds
    | RefreshSecrets
    | ApplyCa
    | ApplyTls
    | ApplyLicence
    | GrowClaim
    | ReplaceObject
    | ApplyManifests
    | InstallChart
    | PrepareDatabase
    | ResetDatabase
    | ResetAws
    | RestartWorkloads
    | DebugWorkload
    | InterceptWorkload
    | UninstallStack
    | AwaitReady
)
AnyTaskStep = RunTask | StartServing
Step = AnyProvideStep | AnyClusterStep | AnyStackStep | AnyTaskStep
