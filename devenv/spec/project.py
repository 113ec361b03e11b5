"""`devenv.yaml`: one project's environment, as data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from devenv.spec.model import DnsLabel, RegistryHost, RegistryPath, SpecModel, Values

Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Profile = Literal["dev", "staging", "prod"]
PROFILES: tuple[Profile, ...] = ("dev", "staging", "prod")
CONTROL_PLANE = "control-plane"
"""The role of a node, as kind calls it."""
LOOPBACK = "127.0.0.1"
"""What devenv opens on the host listens here, and nowhere else."""


class Ports(SpecModel):
    """Host ports, bound to 127.0.0.1. `auto`: 8080 and 8443, for the start page 8070, or the next free one."""

    http: Port | Literal["auto"] = "auto"
    https: Port | Literal["auto"] = "auto"
    page: Port | Literal["auto"] = "auto"
    """Of the start page, which `devenv open` brings."""


class Nodes(SpecModel):
    """How many nodes the cluster has."""

    control_planes: Annotated[int, Field(strict=True, ge=1, le=3)] = 1
    workers: Annotated[int, Field(strict=True, ge=0, le=9)] = 0


class ClusterSpec(SpecModel):
    """The kind cluster of the project."""

    nodes: Nodes = Nodes()
    ports: Ports = Ports()
    config: str | None = None
    """Path of a kind configuration of one's own, merged under what devenv needs."""


class StackChoice(SpecModel):
    """A stack that the project uses; its needs come with it."""

    name: DnsLabel
    values: Values = {}
    """Chart values over the stack's own."""


TagPolicy = Literal["content", "git"]
BuildNetwork = Literal["default", "none", "host"]


class LocalImage(SpecModel):
    """An image built from the project's own sources."""

    context: str
    dockerfile: str = "Dockerfile"
    """Relative to the context."""
    target: str | None = None
    args: dict[str, str] = {}
    bases: dict[str, DnsLabel] = {}
    """Build argument to the name of an image in the catalogue, passed as a full reference."""
    tag: TagPolicy = "content"
    """What the tag is made from: a hash of what the build reads, or the git commit (with that hash, when not all of
    it is committed)."""
    network: BuildNetwork = "default"
    """What the build's commands reach: a network made for each, none, or the engine's host as it is."""


ProjectName = Annotated[DnsLabel, Field(max_length=30)]
"""Short enough for the names that are made from it."""


class ProjectSpec(SpecModel):
    """The environment of one product."""

    project: ProjectName
    namespace_prefix: ProjectName | None = None
    """What the namespaces of built-in stacks begin with: `shop` in `shop-database`. The project's name when unset."""
    cluster: ClusterSpec = ClusterSpec()
    profile: Profile = "dev"
    stacks: tuple[StackChoice, ...] = Field(min_length=1)
    stack_paths: tuple[str, ...] = ()
    """Folders with stacks of the project's own, `<layer>/<name>/stack.yaml` inside."""
    images: dict[DnsLabel, LocalImage] = {}
    registry_mirrors: dict[RegistryHost, RegistryPath] = {}
    """Registry to the mirror that devenv pulls its images from instead. They keep their names, digests and places in
    devenv.lock; login and certificates are those of the mirror."""
    seeds: tuple[str, ...] = ()
    """Files with AWS seeds, merged over the built-in ones."""

    @property
    def prefix(self) -> str:
        """What `{namespace_prefix}` stands for."""
        return self.namespace_prefix or self.project
