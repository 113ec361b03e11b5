"""`versions.yaml`: the one catalogue of every version, checksum and origin."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from devenv.spec.model import DnsLabel, SpecModel

Platform = Annotated[str, StringConstraints(pattern=r"^(linux|darwin)-(amd64|arm64)$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]


class ToolVersion(SpecModel):
    """A program that devenv runs on the host."""

    version: str
    """Without a leading v."""
    accept: str
    """Versions from PATH that fit, as comma-separated bounds: `>=0.30,<0.40`."""
    download: str
    """URL template with {version}, {os} and {arch}."""
    checksum: str
    """URL template of the checksum file that the project publishes: what `sha256` is taken from."""
    sha256: dict[Platform, Sha256] = {}
    """Of the downloaded file, by platform. For a platform that is not named the program is built, never downloaded."""
    archive_member: str | None = None
    """Path of the program inside the downloaded archive; the file itself is the program when unset."""
    recipe: str
    """Folder of the Dockerfile that builds it."""
    target: str
    bases: dict[str, DnsLabel] = {}
    args: dict[str, str] = {}


class ModuleVersion(SpecModel):
    """A Go module whose files (charts, CRDs) are used as they are."""

    version: str
    sum: str = Field(pattern=r"^h1:[A-Za-z0-9+/]{43}=$")
    """Checksum of the module's files as go.sum records it, known to the Go checksum database."""


class CatalogueImage(SpecModel):
    """An image by name: where upstream publishes it, and how it is built where no registry answers."""

    upstream: str | None = None
    """Full reference with a fixed version; None where no such image is published."""
    digest: Digest | None = None
    """Of the upstream image; a project's devenv.lock goes before it."""
    recipe: str | None = None
    """Folder with a Dockerfile, relative to the data root."""
    context: str | None = None
    """Build context when it is not the recipe's folder (a migrations image, say)."""
    target: str | None = None
    bases: dict[str, DnsLabel] = {}
    args: dict[str, str] = {}
    debootstrap: str | None = None
    """Debian suite, for a base image that is bootstrapped instead of built."""
    version: str | None = None
    """Shown in tags and tables; taken from the upstream tag when unset."""

    @model_validator(mode="after")
    def _has_an_origin(self) -> CatalogueImage:
        if not (self.upstream or self.recipe or self.debootstrap):
            raise ValueError("one of upstream, recipe and debootstrap is expected")
        return self


NODE = "node"
"""The complete node image: upstream's, or the catalogue's node base with the system's images in it."""
BALANCER = "envoy"
"""The load balancer that kind puts before several control planes."""


class NodeImage(SpecModel):
    """The node image: a base that is built, with the system's images loaded into it."""

    kubernetes: str
    image: DnsLabel
    system_images: dict[str, DnsLabel] = {}
    """Reference inside the node to the name of a catalogue image."""


class Versions(SpecModel):
    """The catalogue."""

    tools: dict[str, ToolVersion]
    modules: dict[str, ModuleVersion]
    node: NodeImage
    databases: dict[DnsLabel, dict[str, DnsLabel]] = {}
    """By engine and version: the image of a database of `devenv.yaml`; the first version is the usual one."""
    images: dict[DnsLabel, CatalogueImage]

    @property
    def image_names(self) -> frozenset[str]:
        """Names of devenv's own images: those of the catalogue, and that of nodes, which is made of them."""
        return frozenset({NODE, *self.images})

    @property
    def cluster_images(self) -> frozenset[str]:
        """Names of the images that a cluster is made of, in whose place nothing else may be."""
        return frozenset({NODE, BALANCER, self.node.image, *self.node.system_images.values()})
