"""`devenv.yaml`: one project's environment, as data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from devenv.spec.imports.import_spec import Imports
from devenv.spec.local_image import LocalImage
from devenv.spec.model import (
    PROFILES,
    BuiltinProfile,
    DnsLabel,
    Port,
    ProfileName,
    RegistryHost,
    RegistryPath,
    SpecModel,
    Values,
)
from devenv.spec.services.database import ProjectDatabase
from devenv.spec.services.service import ServiceName, ServiceSpec
from devenv.spec.sources.stack_source import StackSource
from devenv.spec.tasks.task import Task

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


ProjectName = Annotated[DnsLabel, Field(max_length=30)]
"""Short enough for the names that are made from it."""


class ProjectSpec(SpecModel):
    """The environment of one product."""

    project: ProjectName
    namespace_prefix: ProjectName | None = None
    """What the namespaces of built-in stacks begin with: `shop` in `shop-database`. The project's name when unset."""
    cluster: ClusterSpec = ClusterSpec()
    profile: ProfileName = "dev"
    profiles: dict[ProfileName, BuiltinProfile] = {}
    """Profiles of the project's own beside dev, staging and prod: each with the one of these that it stands on, whose
    values it has wherever it has none of its own."""
    services: dict[ServiceName, ServiceSpec] = {}
    """Programs of the project's own, from a Dockerfile to a URL without a chart; each is a stack of that name."""
    databases: dict[ServiceName, ProjectDatabase] = {}
    """Databases of the project's own; each is a stack of that name."""
    imports: Imports = ()
    """Files of other tools, read anew at each run, whose services come beside those that are written here."""
    stacks: tuple[StackChoice, ...] = ()
    """Stacks that come with devenv, and those below `stack_paths` and of `stack_sources`."""
    stack_paths: tuple[str, ...] = ()
    """Folders with stacks of the project's own, `<layer>/<name>/stack.yaml` inside."""
    stack_sources: tuple[StackSource, ...] = ()
    """Stacks that others keep: in a folder, a Git repository or a registry. `devenv sources update` locks them."""
    images: dict[DnsLabel, LocalImage] = {}
    tasks: dict[DnsLabel, Task] = {}
    """Commands of this machine that belong to the environment: code that is generated, assets that are built."""
    registry_mirrors: dict[RegistryHost, RegistryPath] = {}
    """Registry to the mirror that devenv pulls its images from instead. They keep their names, digests and places in
    devenv.lock; login and certificates are those of the mirror."""
    seeds: tuple[str, ...] = ()
    """Files with AWS seeds, merged over the built-in ones."""
    compatibility: tuple[str, ...] = ()
    """Files that say which versions of stacks go together."""

    @property
    def known_profiles(self) -> tuple[str, ...]:
        """The built-in ones and the project's own."""
        return (*PROFILES, *(name for name in self.profiles if name not in PROFILES))

    def profile_and_base(self, profile: str) -> tuple[str, ...]:
        """A profile, and the built-in one that it stands on where it is the project's own."""
        base = self.profiles.get(profile)
        return (profile, base) if base else (profile,)

    @property
    def prefix(self) -> str:
        """What `{namespace_prefix}` stands for."""
        return self.namespace_prefix or self.project
