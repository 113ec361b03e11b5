"""`deploy` and `manifests` of a Skaffold configuration."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from devenv.spec.imports.skaffold.file.ignored import Ignored, Refused
from devenv.spec.imports.skaffold.file.skaffold_model import HookList, SkaffoldModel
from devenv.spec.model import Text, Values, WrittenText

_FLAGS = "manifests are applied server-side, as devenv applies all"
_AS_IT_IS = "manifests are applied as they are"
_REMOTE = "save them as files of the repository, and name these"
_RENDER_HOOKS = "manifests are read as they are: run it yourself before devenv up"
_KPT = Refused("kpt is not known here", "render the packages (kpt fn render) and name the result under rawYaml")


class HelmPackaged(SkaffoldModel):
    """Versions that `helm package` would set."""

    version: WrittenText | None = None
    app_version: WrittenText | None = None


class HelmRelease(SkaffoldModel):
    """One release, as any version of the schemas has it."""

    name: Text
    chart_path: Text | None = None
    remote_chart: Text | None = None
    remote: bool = False
    """Whether `chartPath` is no path; before v2beta9."""
    repo: Text | None = None
    version: WrittenText | None = None
    namespace: Text | None = None
    create_namespace: bool | None = None
    """Devenv makes what is missing in any case."""
    values_files: tuple[Text, ...] = ()
    overrides: Values = {}
    set_values: Values = {}
    set_value_templates: Values = {}
    set_files: dict[str, Text] = {}
    artifact_overrides: Values = {}
    image_strategy: Any = None
    wait: bool = False
    depends_on: tuple[Text, ...] = ()
    use_helm_secrets: Annotated[
        bool,
        Refused(
            "files of helm-secrets are not decrypted",
            "seed the secret (secrets in stack.yaml) and read it by External Secrets, or name a file that is in clear",
        ),
    ] = False
    skip_build_dependencies: bool = False
    """Devenv takes dependencies in folders as they are, and those that are packed in charts/."""
    recreate_pods: Annotated[bool, Ignored("pods are replaced when what they are made of changes")] = False
    skip_tests: bool = False
    upgrade_on_change: bool | None = None
    """Devenv upgrades when anything that the release is made of has changed."""
    packaged: Annotated[
        HelmPackaged | None, Ignored("the chart is installed from its folder, with the version there")
    ] = None
    protocol: Any = None


class HelmFlags(SkaffoldModel):
    """Further arguments of Helm."""

    global_: tuple[str, ...] = Field(default=(), alias="global")
    install: tuple[str, ...] = ()
    upgrade: tuple[str, ...] = ()
    dep_build: tuple[str, ...] = ()
    template: tuple[str, ...] = ()


class HelmDeploy(SkaffoldModel):
    """Releases that Helm installs."""

    releases: tuple[HelmRelease, ...] = ()
    flags: HelmFlags = HelmFlags()
    hooks: HookList = HookList()
    concurrency: int | None = None


class KubectlDeploy(SkaffoldModel):
    """Manifests that kubectl applies; `manifests` is of v2beta schemas."""

    manifests: tuple[Text, ...] | None = None
    remote_manifests: Annotated[Any, Ignored(_REMOTE)] = None
    flags: Annotated[Any, Ignored(_FLAGS)] = None
    default_namespace: Text | None = None
    hooks: HookList = HookList()


class Kustomize(SkaffoldModel):
    """Kustomizations; in v2beta schemas part of `deploy`, with what kubectl is told there."""

    paths: tuple[Text, ...] = (".",)
    build_args: Annotated[tuple[str, ...], Ignored("kustomize of kubectl is used, which reads files anywhere")] = ()
    flags: Annotated[Any, Ignored(_FLAGS)] = None
    default_namespace: Text | None = None
    hooks: HookList = HookList()


class Manifests(SkaffoldModel):
    """Manifests that are rendered and applied."""

    raw_yaml: tuple[Text, ...] = ()
    remote_manifests: Annotated[Any, Ignored(_REMOTE)] = None
    kustomize: Kustomize | None = None
    helm: HelmDeploy | None = None
    kpt: Annotated[Any, _KPT] = None
    hooks: Annotated[HookList, Ignored(_RENDER_HOOKS)] = HookList()
    transform: Annotated[Any, Ignored(_AS_IT_IS)] = None
    validate_: Annotated[Any, Ignored(_AS_IT_IS)] = Field(default=None, alias="validate")
    output: Annotated[str | None, Ignored("devenv render shows what is made")] = None
    generate: Any = None
    """Of v3alpha schemas, around the first keys here."""


class DeployConfig(SkaffoldModel):
    """How all of it gets into a cluster."""

    helm: HelmDeploy | None = None
    kubectl: KubectlDeploy | None = None
    kustomize: Kustomize | None = None
    kpt: Annotated[Any, _KPT] = None
    docker: Annotated[
        Any, Refused("containers beside the cluster are not deployed", "write them as services of devenv.yaml")
    ] = None
    cloudrun: Annotated[
        Any, Refused("Cloud Run is not what devenv brings up", "write a chart, or a service of devenv.yaml")
    ] = None
    status_check: Annotated[
        bool | None, Ignored("devenv always waits until what it installs is ready", unless=(None, True))
    ] = None
    status_check_deadline_seconds: int | None = None
    tolerate_failures_until_deadline: Annotated[
        bool, Ignored("a cause that is final ends the waiting at once; all else may fail until the deadline")
    ] = False
    kube_context: Annotated[str | None, Ignored("devenv talks to the project's own cluster alone")] = None
    logs: Annotated[Any, Ignored("devenv logs shows them: see its options")] = None
