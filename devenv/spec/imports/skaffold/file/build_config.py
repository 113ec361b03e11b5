"""`build` of a Skaffold configuration."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from devenv.spec.imports.skaffold.file.ignored import Ignored
from devenv.spec.imports.skaffold.file.skaffold_model import HookList, SkaffoldModel
from devenv.spec.model import Text, WrittenText

_THIS_ENGINE = "images are built by the engine of this machine, with BuildKit"
_HOST_COMMANDS = "devenv runs no hooks of all builds together: have it run by a task of devenv.yaml (docs/tasks.md)"
_CACHE = "the engine's build cache is used, and an image whose files are the same is not built again"


class ArtifactDependency(SkaffoldModel):
    """Another artifact that this one is built on."""

    image: Text
    alias: Text | None = None
    """The build argument that gets its reference."""


class DockerSecret(SkaffoldModel):
    """A secret for the build."""

    id: Text
    src: Text | None = None
    env: Text | None = None


class DockerArtifact(SkaffoldModel):
    """An image from a Dockerfile."""

    dockerfile: Text = "Dockerfile"
    target: Text | None = None
    build_args: dict[str, WrittenText | None] = {}
    network: Text | None = None
    add_host: Annotated[tuple[str, ...], Ignored("names are resolved as the engine does")] = ()
    cache_from: Annotated[tuple[str, ...], Ignored(_CACHE)] = ()
    cache_to: Annotated[tuple[str, ...], Ignored(_CACHE)] = ()
    cli_flags: Annotated[tuple[str, ...], Ignored(_THIS_ENGINE)] = ()
    pull_parent: Annotated[bool, Ignored("a base is pulled where the engine lacks it; devenv lock pins digests")] = (
        False
    )
    no_cache: Annotated[bool, Ignored(_CACHE)] = False
    squash: Annotated[bool, Ignored("layers stay: they are what travels into the nodes one by one")] = False
    secrets: tuple[DockerSecret, ...] = ()
    ssh: Text | None = None


class CustomDependencies(SkaffoldModel):
    """What the command reads."""

    paths: tuple[Text, ...] = ()
    ignore: tuple[Text, ...] = ()
    command: Text | None = None
    dockerfile: Any = None


class CustomArtifact(SkaffoldModel):
    """An image by a command of the user's."""

    build_command: Text | None = None
    dependencies: CustomDependencies | None = None


class ManualSync(SkaffoldModel):
    """What is synced to where."""

    src: Text
    dest: Text
    strip: str = ""
    """What the paths below `dest` do without at their beginning."""


class ArtifactSync(SkaffoldModel):
    """Files that go into running containers without a build."""

    manual: tuple[ManualSync, ...] = ()
    infer: tuple[Text, ...] = ()
    auto: Any = None
    hooks: HookList = HookList()


class Artifact(SkaffoldModel):
    """One image."""

    image: Text
    context: Text = "."
    docker: DockerArtifact | None = None
    custom: CustomArtifact | None = None
    bazel: Any = None
    buildpacks: Any = None
    jib: Any = None
    kaniko: Any = None
    ko: Any = None
    requires: tuple[ArtifactDependency, ...] = ()
    sync: ArtifactSync | None = None
    hooks: HookList = HookList()
    platforms: Annotated[tuple[str, ...], Ignored("images are built for the nodes' platform")] = ()
    runtime_type: Annotated[str | None, Ignored("devenv debug sees for itself what runs")] = None


class LocalBuild(SkaffoldModel):
    """How the local engine builds."""

    push: Annotated[bool, Ignored("nothing is pushed: images go from the engine straight into the nodes")] = False
    try_import_missing: Annotated[bool, Ignored("images of artifacts are always built")] = False
    use_docker_cli: bool = Field(default=False, alias="useDockerCLI")
    use_buildkit: Annotated[bool | None, Ignored(_THIS_ENGINE, unless=(None, True))] = None
    concurrency: int | None = None
    """Devenv builds as many at once as its plan allows."""


class BuildConfig(SkaffoldModel):
    """How images are built."""

    artifacts: tuple[Artifact, ...] = ()
    hooks: Annotated[HookList, Ignored(_HOST_COMMANDS)] = HookList()
    insecure_registries: Annotated[tuple[str, ...], Ignored("registries are reached as the engine reaches them")] = ()
    tag_policy: Annotated[
        Any,
        Ignored("tags of devenv are hashes of what is built (docs/images.md)", unless=(None, {}, {"inputDigest": {}})),
    ] = None
    platforms: Annotated[tuple[str, ...], Ignored("images are built for the nodes' platform")] = ()
    local: LocalBuild | None = None
    google_cloud_build: Annotated[Any, Ignored(_THIS_ENGINE)] = None
    cluster: Annotated[Any, Ignored(_THIS_ENGINE)] = None
