"""A service of devenv.yaml: from a Dockerfile to a URL, without a chart. What is written, as data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from devenv.spec.local_image import LocalImage
from devenv.spec.model import (
    DnsLabel,
    Duration,
    LayerName,
    NamespaceName,
    Port,
    ProfileName,
    SpecModel,
    Text,
    WrittenText,
)
from devenv.spec.services.container import HasImage, VariableName, short_form
from devenv.spec.services.cron import require_schedule
from devenv.spec.services.reference import EnvValue, Reference
from devenv.spec.sync_rule import SyncRule
from devenv.spec.tasks.host_command import Trigger

ServiceName = Annotated[str, StringConstraints(pattern=r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$")]
"""What Kubernetes takes for a Service and, with what it adds itself, for the pods of a CronJob."""
PortName = Annotated[str, StringConstraints(pattern=r"^[a-z]([-a-z0-9]{0,13}[a-z0-9])?$")]
PathInContainer = Annotated[str, StringConstraints(pattern=r"^(/[^/\x00:]+)+$")]
VolumeSize = Annotated[str, StringConstraints(pattern=r"^([1-9][0-9]*[KMGT]i|empty)$")]
Quantity = Annotated[WrittenText, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?(m|[kKMGT]i?)?$")]
HealthPath = Annotated[str, StringConstraints(pattern=r"^/\S*$")]
Schedule = Annotated[str, BeforeValidator(require_schedule)]
Protocol = Literal["http", "grpc", "tcp"]
DEFAULT_LAYER = "06-application"
DEFAULT_PORT_NAME: dict[Protocol, str] = {"http": "http", "grpc": "grpc", "tcp": "tcp"}


def _false_or_not(value: Any) -> str:
    return "(false)" if value is False else "(given)"


Host = Annotated[
    Annotated[Literal[False], Tag("(false)")] | Annotated[DnsLabel | None, Tag("(given)")],
    Discriminator(_false_or_not),
]
"""First part of a host; none at all where it is false."""


class Resources(SpecModel):
    """What a container is given at least and at most."""

    requests: dict[Literal["cpu", "memory"], Quantity] = {}
    limits: dict[Literal["cpu", "memory"], Quantity] = {}


class ServicePort(SpecModel):
    """A port that a service listens on."""

    port: Port
    protocol: Protocol = "http"
    host: Host = None
    """First part of the host that leads to it from this machine; none where it is false, or not the first port."""


class Health(SpecModel):
    """When a service is ready; exactly one of path, tcp, grpc and exec."""

    path: HealthPath | None = None
    tcp: Literal[True] | None = None
    grpc: Literal[True] | None = None
    exec: Annotated[tuple[WrittenText, ...], Field(min_length=1)] | None = None
    port: PortName | None = None
    """Which port is asked; the first one when unset."""
    starts_within: Duration = timedelta(minutes=5)
    """How long a container may take until it answers for the first time."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Health:
        if sum(way is not None for way in (self.path, self.tcp, self.grpc, self.exec)) != 1:
            raise ValueError("exactly one of path, tcp, grpc and exec is expected")
        if self.exec and self.port:
            raise ValueError("port goes with path, tcp or grpc")
        return self


class SharedVolume(SpecModel):
    """A volume that another service in the same namespace keeps."""

    of: ServiceName
    path: PathInContainer
    """Where that service has it."""


def _volume_form(value: Any) -> str:
    return "(shared)" if isinstance(value, Mapping | SharedVolume) else "(size)"


VolumeSource = Annotated[
    Annotated[VolumeSize, Tag("(size)")] | Annotated[SharedVolume, Tag("(shared)")], Discriminator(_volume_form)
]


class InlineText(SpecModel):
    """A file whose content is written in devenv.yaml itself."""

    text: str


def _file_form(value: Any) -> str:
    if isinstance(value, InlineText) or (isinstance(value, Mapping) and "text" in value):
        return "(inline)"
    return "(reference)" if isinstance(value, Mapping | Reference) else "(path)"


FileSource = Annotated[
    Annotated[Text, Tag("(path)")] | Annotated[InlineText, Tag("(inline)")] | Annotated[Reference, Tag("(reference)")],
    Discriminator(_file_form),
]
"""A file or folder of the project, a text, or what stands for one."""
PortOrNumber = Annotated[ServicePort, short_form("port", int, Port | ServicePort)]
HealthOrFalse = Annotated[
    Annotated[Literal[False], Tag("(false)")]
    | Annotated[
        Annotated[Health, short_form("path", str, HealthPath | Health)] | None,
        Tag("(given)"),
    ],
    Discriminator(_false_or_not),
]


class Container(HasImage):
    """What runs: an image, and how."""

    command: tuple[WrittenText, ...] | None = None
    """In place of the image's entrypoint."""
    args: tuple[WrittenText, ...] | None = None
    """In place of the image's command."""
    env: dict[VariableName, EnvValue] = {}
    resources: Resources = Resources()
    user: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] | None = None
    """Number of the user that it runs as; 65532 when unset, whatever the image says."""
    read_only: bool = Field(default=True, strict=True)
    """Whether the image's files cannot be written to."""
    working_dir: PathInContainer | None = None
    """In place of the image's."""
    sync: tuple[SyncRule, ...] = ()
    """What `devenv dev` puts into running containers of its `build` when it is saved, without a build."""

    dev: Trigger | None = None
    """Whether `devenv dev` brings what is saved of its `build` by itself (`auto`), or waits for
    `devenv dev trigger NAME` (`manual`)."""

    @model_validator(mode="after")
    def _sync_of_a_build(self) -> Container:
        if self.dev and self.build is None:
            raise ValueError("dev goes with build; of an image of devenv.yaml it is said under images")
        if self.sync and self.build is None:
            raise ValueError("sync goes with build; of an image of devenv.yaml it is said under images")
        if self.sync and self.build and self.build.sync:
            raise ValueError("sync is said twice: here and at build")
        return self

    @property
    def whole_build(self) -> LocalImage | None:
        beside = {key: value for key, value in (("sync", self.sync), ("dev", self.dev)) if value}
        return self.build.model_copy(update=beside) if self.build and beside else self.build


class ServiceProfile(SpecModel):
    """What is otherwise under a profile; maps are merged."""

    command: tuple[WrittenText, ...] | None = None
    args: tuple[WrittenText, ...] | None = None
    env: dict[VariableName, EnvValue] = {}
    resources: Resources = Resources()
    replicas: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None
    schedule: Schedule | None = None


class ServiceSpec(Container):
    """One service: a program that runs all the time, at certain times (`schedule`), or once before others."""

    port: Port | None = None
    """The port that it serves HTTP on, which gets a host."""
    ports: dict[PortName, PortOrNumber] = {}
    """Several, by name; the first one gets a host."""
    host: Host = None
    """First part of the host of its first port; its name when unset, none when false."""
    health: HealthOrFalse = None
    """When it is ready: a path is asked; when unset, its first port is open; false: at once."""
    needs: tuple[DnsLabel, ...] = ()
    """Services, databases and stacks that must be ready first, beside those that `env` refers to."""
    before: tuple[DnsLabel, ...] = ()
    """Services that run once, to their end, before each new version of it: they are jobs by that."""
    replicas: Annotated[int, Field(strict=True, ge=0, le=100)] = 1
    schedule: Schedule | None = None
    """As cron has it; the service then runs at these times alone."""
    files: dict[PathInContainer, FileSource] = {}
    """Path in the container to a file or folder of the project, a text, or a secret."""
    volumes: dict[PathInContainer, VolumeSource] = {}
    """Path in the container to the size of a volume that is kept, `empty` for one that each pod has anew, or another
    service's volume."""
    init: dict[PortName, Container] = {}
    """Containers that run to their end before it starts, in their order; they have its files and volumes."""
    sidecars: dict[PortName, Container] = {}
    """Containers that run beside it in the same pod; they have its files and volumes."""
    namespace: NamespaceName | None = None
    aliases: tuple[DnsLabel, ...] = ()
    """Further names that others in its namespace reach it by."""
    pod_security: Literal["restricted", "baseline"] = "restricted"
    """As Kubernetes names its Pod Security Standards. baseline: it runs as the image says unless `user` does, with the
    capabilities that a container has at a plain engine; its namespace has to take that."""
    inherit_env: bool = Field(default=True, strict=True)
    """Whether it has, as a job, the variables of those that it runs before under its own."""
    layer: LayerName | None = None
    deadline: Duration = timedelta(minutes=5)
    """How long it may take until it is ready."""
    profiles: dict[ProfileName, ServiceProfile] = {}

    @property
    def all_ports(self) -> dict[str, ServicePort]:
        """By name; what `port` says is the port http."""
        if self.port is not None and not self.ports:
            return {DEFAULT_PORT_NAME["http"]: ServicePort(port=self.port)}
        return self.ports

    @property
    def restarts(self) -> bool:
        """Whether a rule of its sync starts its program anew."""
        build = self.whole_build
        return build is not None and any(rule.restart for rule in build.sync)

    @property
    def containers(self) -> tuple[tuple[tuple[str, ...], Container], ...]:
        """Itself and those in its pod, each with its place below the service."""
        beside = [((key, name), each) for key in ("init", "sidecars") for name, each in getattr(self, key).items()]
        return (((), self), *beside)

    def in_profile(self, profile: str) -> ServiceSpec:
        """The service as a profile has it."""
        found = next((over for name, over in self.profiles.items() if name == profile), None)
        if found is None:
            return self
        resources = Resources(
            requests={**self.resources.requests, **found.resources.requests},
            limits={**self.resources.limits, **found.resources.limits},
        )
        replaced = {
            key: value
            for key in ("command", "args", "replicas", "schedule")
            if (value := getattr(found, key)) is not None
        }
        return self.model_copy(update={**replaced, "env": {**self.env, **found.env}, "resources": resources})
