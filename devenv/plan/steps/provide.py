"""Steps that provide tools, modules and images, and bring images into the nodes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

Pairs = tuple[tuple[str, str], ...]
"""An ordered, hashable mapping."""


@dataclass(frozen=True, slots=True)
class ProvideTool:
    """Make a program available: from PATH, cache, download or a build."""

    tool: str

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"tool/{self.tool}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Provide {self.tool}"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "tools"


@dataclass(frozen=True, slots=True)
class FetchModule:
    """Fetch a Go module's files at a pinned version and verify them."""

    module: str
    version: str
    checksum: str

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"module/{self.module}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Fetch module {self.module}@{self.version}"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "tools"


@dataclass(frozen=True, slots=True)
class BootstrapImage:
    """Make a Debian base image from the distribution's packages."""

    image: str
    reference: str
    suite: str

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"image/{self.image}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Bootstrap image {self.image}"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "images"


@dataclass(frozen=True, slots=True)
class PullImage:
    """Pull an upstream image into the engine."""

    image: str
    reference: str

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"image/{self.image}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Pull image {self.reference}"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "images"


@dataclass(frozen=True, slots=True)
class BuildImage:
    """Build an image through BuildKit."""

    image: str
    reference: str
    dockerfile: Path
    context: Path
    target: str | None = None
    args: Pairs = ()
    """Build arguments, base images included as full references."""

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"image/{self.image}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Build image {self.image}"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "images"


@dataclass(frozen=True, slots=True)
class AssembleNodeImage:
    """Load the system's images into the node's base image, so that a cluster starts without a registry."""

    image: str
    reference: str
    base: str
    system_images: Pairs
    """Reference inside the node to the reference in the engine."""

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"image/{self.image}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Assemble image {self.image}"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "images"


@dataclass(frozen=True, slots=True)
class PruneBuildCache:
    """Bring the builders' caches below a bound."""

    keep_bytes: int

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return "image/prune-build-cache"

    @property
    def title(self) -> str:
        """What it does."""
        return "Prune the build cache"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "images"


@dataclass(frozen=True, slots=True)
class LoadImage:
    """Bring an image from the engine into every node."""

    image: str
    reference: str
    cluster: str

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"load/{self.image}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Load image {self.image}"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "images"
