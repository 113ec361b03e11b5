"""One Skaffold configuration as data: the keys of its schemas, those that nothing comes of included.

Responsible for what may be written, and for what happens instead of that which is not carried over. Source of the keys:
https://github.com/GoogleContainerTools/skaffold, `pkg/skaffold/schema/*/config.go`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from devenv.spec.imports.skaffold.file.build_config import BuildConfig
from devenv.spec.imports.skaffold.file.deploy_config import DeployConfig, Manifests
from devenv.spec.imports.skaffold.file.ignored import Ignored, Refused
from devenv.spec.imports.skaffold.file.skaffold_model import SkaffoldModel
from devenv.spec.model import Text, WrittenText

PIPELINE = (
    "build",
    "test",
    "manifests",
    "render",
    "deploy",
    "portForward",
    "resourceSelector",
    "verify",
    "customActions",
)
"""Keys that profiles may have too."""
_FETCH = "check it out into the project's folder (git submodule add …) and name it: path: FOLDER"
_TESTS = "devenv runs no tests of images: run them with skaffold test, or devenv test -- COMMAND"


class Metadata(SkaffoldModel):
    """What a configuration is called."""

    name: WrittenText | None = None
    labels: Annotated[Any, Ignored("objects have devenv's labels and those of their charts")] = None
    annotations: Annotated[Any, Ignored("objects have the annotations of their charts")] = None


class ProfileDependency(SkaffoldModel):
    """A profile that a required configuration gets."""

    name: Text
    activated_by: tuple[Text, ...] = ()


class Requirement(SkaffoldModel):
    """Other configurations, which are deployed before."""

    configs: tuple[Text, ...] = ()
    path: Text | None = None
    git: Annotated[Any, Refused("devenv fetches no configuration of another repository", _FETCH)] = None
    google_cloud_storage: Annotated[Any, Refused("devenv fetches no configuration of a bucket", _FETCH)] = None
    google_cloud_build_repo_v2: Annotated[
        Any, Refused("devenv fetches no configuration of another repository", _FETCH)
    ] = None
    active_profiles: tuple[ProfileDependency, ...] = ()

    @property
    def is_remote(self) -> bool:
        """Whether it is not on this machine."""
        return any((self.git, self.google_cloud_storage, self.google_cloud_build_repo_v2))


class PortForward(SkaffoldModel):
    """A port of the cluster on this machine."""

    resource_type: Text = "service"
    resource_name: Text | None = None
    namespace: Text | None = None
    port: int | Text | None = None
    address: Text | None = None
    local_port: int | None = None


class Pipeline(SkaffoldModel):
    """What is built and deployed."""

    build: BuildConfig = BuildConfig()
    test: Annotated[Any, Ignored(_TESTS)] = None
    manifests: Manifests = Manifests()
    render: Annotated[
        Any, Refused("this key is of an early alpha schema", "run: skaffold fix, which writes manifests")
    ] = None
    deploy: DeployConfig = DeployConfig()
    port_forward: tuple[PortForward, ...] = ()
    resource_selector: Annotated[Any, Ignored("images are put where charts and kustomizations take them")] = None
    verify: Annotated[Any, Ignored("run it with devenv test -- COMMAND")] = None
    custom_actions: Annotated[Any, Ignored("run it with devenv run NAME -- COMMAND")] = None


class Patch(SkaffoldModel):
    """One change of a configuration, as JSON Patch has it."""

    op: Text = "replace"
    path: Text
    from_: Text | None = Field(default=None, alias="from")
    value: Any = None


class Activation(SkaffoldModel):
    """When a profile is active without being named."""

    env: Text | None = None
    kube_context: Text | None = None
    command: Text | None = None


class Profile(Pipeline):
    """What is different where the profile is active."""

    name: Text
    activation: tuple[Activation, ...] = ()
    requires_all_activations: bool = False
    patches: tuple[Patch, ...] = ()


class Config(Pipeline):
    """One document of a `skaffold.yaml`."""

    api_version: Text
    kind: Text
    metadata: Metadata = Metadata()
    requires: tuple[Requirement, ...] = ()
    profiles: tuple[Profile, ...] = ()
