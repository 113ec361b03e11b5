"""Steps that provide tools, modules and images, and bring images into the nodes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devenv.plan.image import HostBuild, HostCall, Mode
from devenv.plan.steps.step import PlanStep
from devenv.spec.local_image import BuildNetwork
from devenv.spec.model import Pairs


def tool_key(tool: str) -> str:
    """Of the step that makes a program available."""
    return f"tool/{tool}"


def module_key(module: str) -> str:
    """Of the step that fetches a Go module."""
    return f"module/{module}"


def image_key(image: str) -> str:
    """Of the step that brings an image into the engine, whichever way."""
    return f"image/{image}"


def load_key(image: str) -> str:
    """Of the step that brings an image into the nodes."""
    return f"load/{image}"


@dataclass(frozen=True, slots=True)
class ProvideTool(PlanStep):
    """Make a program available: from PATH, cache, download or a build."""

    TITLE = "Provide {self.tool}"
    GROUP = "tools"

    tool: str
    images: Mode = "auto"
    """Where the images come from that it is built on."""

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return tool_key(self.tool)


@dataclass(frozen=True, slots=True)
class FetchModule(PlanStep):
    """Fetch a Go module's files at a pinned version and verify them."""

    TITLE = "Fetch module {self.module}@{self.version}"
    GROUP = "tools"

    module: str
    version: str
    checksum: str
    image: str = ""
    """Reference of the image in which Go fetches it; empty where the host has Go."""

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return module_key(self.module)


@dataclass(frozen=True, slots=True)
class ProvideImage(PlanStep):
    """What the steps have in common that bring an image into the engine."""

    GROUP = "images"

    image: str
    reference: str

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return image_key(self.image)


@dataclass(frozen=True, slots=True)
class BootstrapImage(ProvideImage):
    """Make a Debian base image from the distribution's packages."""

    TITLE = "Bootstrap image {self.image}"

    suite: str


@dataclass(frozen=True, slots=True)
class PullImage(ProvideImage):
    """Pull an upstream image into the engine."""

    TITLE = "Pull image {self.reference}"

    mirrored: str = ""
    """The same at a mirror, which is pulled and gets the name of `reference`; empty where there is none."""
    advised: bool = False
    """The digest is the catalogue's advice, not the project's lock: a registry without it gives what its tag means."""
    replaceable: bool = False
    """A recipe makes it as well, and may: a run whose registry does not give it goes on with that."""


@dataclass(frozen=True, slots=True)
class BuildImage(ProvideImage):
    """Build an image through BuildKit, or by a command of this machine."""

    TITLE = "Build image {self.image}"

    dockerfile: Path
    context: Path
    target: str | None = None
    args: Pairs = ()
    """Build arguments, base images included as full references."""
    network: BuildNetwork = "default"
    shipped: bool = False
    """The context comes with devenv: its files are sent with the modes that version control keeps."""
    content: str = ""
    """The hash of all that the build reads: the image gets its name only where that is so at the end too."""
    secrets: Pairs = ()
    """Name of a secret to its source as buildx takes it: `src=/path` or `env=NAME`."""
    ssh: str | None = None
    host: HostBuild | None = None
    after: tuple[HostCall, ...] = ()
    """What follows on this machine."""

    @property
    def title(self) -> str:
        """What it does, imperative, for people; commands of this machine that follow are shown."""
        follows = "".join(f", then on this machine: {call.shown}" for call in self.after)
        return f"Build image {self.image}{follows}"

    @property
    def host_commands(self) -> tuple[str, ...]:
        """What of this machine it runs, as the user agrees to it."""
        built = (self.host.shown,) if self.host else ()
        return (*built, *(call.shown for call in self.after))


@dataclass(frozen=True, slots=True)
class AssembleNodeImage(ProvideImage):
    """Load the system's images into the node's base image, so that a cluster starts without a registry."""

    TITLE = "Assemble image {self.image}"

    base: str
    system_images: Pairs
    """Reference inside the node to the reference in the engine."""


@dataclass(frozen=True, slots=True)
class PruneBuildCache(PlanStep):
    """Bring the builders' caches below a bound."""

    KEY = "image/prune-build-cache"
    TITLE = "Prune the build cache"
    GROUP = "images"

    keep_bytes: int


@dataclass(frozen=True, slots=True)
class LoadImage(PlanStep):
    """Bring an image from the engine into every node."""

    TITLE = "Load image {self.image}"
    GROUP = "images"

    image: str
    reference: str
    cluster: str
    changes: bool = False
    """Whether it will change all day, as what is built from the project's own sources; others do once a version."""

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return load_key(self.image)
