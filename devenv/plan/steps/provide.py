"""Steps that provide tools, modules and images, and bring images into the nodes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devenv.plan.image import Mode
from devenv.plan.steps.step import PlanStep
from devenv.spec.model import Pairs
from devenv.spec.project import BuildNetwork


@dataclass(frozen=True, slots=True)
class ProvideTool(PlanStep):
    """Make a program available: from PATH, cache, download or a build."""

    KEY = "tool/{self.tool}"
    TITLE = "Provide {self.tool}"
    GROUP = "tools"

    tool: str
    images: Mode = "auto"
    """Where the images come from that it is built on."""


@dataclass(frozen=True, slots=True)
class FetchModule(PlanStep):
    """Fetch a Go module's files at a pinned version and verify them."""

    KEY = "module/{self.module}"
    TITLE = "Fetch module {self.module}@{self.version}"
    GROUP = "tools"

    module: str
    version: str
    checksum: str
    image: str = ""
    """Reference of the image in which Go fetches it; empty where the host has Go."""


@dataclass(frozen=True, slots=True)
class BootstrapImage(PlanStep):
    """Make a Debian base image from the distribution's packages."""

    KEY = "image/{self.image}"
    TITLE = "Bootstrap image {self.image}"
    GROUP = "images"

    image: str
    reference: str
    suite: str


@dataclass(frozen=True, slots=True)
class PullImage(PlanStep):
    """Pull an upstream image into the engine."""

    KEY = "image/{self.image}"
    TITLE = "Pull image {self.reference}"
    GROUP = "images"

    image: str
    reference: str
    mirrored: str = ""
    """The same at a mirror, which is pulled and gets the name of `reference`; empty where there is none."""


@dataclass(frozen=True, slots=True)
class BuildImage(PlanStep):
    """Build an image through BuildKit."""

    KEY = "image/{self.image}"
    TITLE = "Build image {self.image}"
    GROUP = "images"

    image: str
    reference: str
    dockerfile: Path
    context: Path
    target: str | None = None
    args: Pairs = ()
    """Build arguments, base images included as full references."""
    network: BuildNetwork = "default"
    shipped: bool = False
    """The context comes with devenv: its files are sent with the modes that version control keeps."""


@dataclass(frozen=True, slots=True)
class AssembleNodeImage(PlanStep):
    """Load the system's images into the node's base image, so that a cluster starts without a registry."""

    KEY = "image/{self.image}"
    TITLE = "Assemble image {self.image}"
    GROUP = "images"

    image: str
    reference: str
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

    KEY = "load/{self.image}"
    TITLE = "Load image {self.image}"
    GROUP = "images"

    image: str
    reference: str
    cluster: str
    local: bool = False
    """Built from the project's own sources: it will change all day, others once a version."""
