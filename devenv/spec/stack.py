"""`stack.yaml`: everything about one stack, as data."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from devenv.spec.local_image import LocalImage
from devenv.spec.model import (
    DnsLabel,
    Duration,
    LayerName,
    NamespaceName,
    SpecModel,
    Text,
    ValuePath,
    Values,
    WrittenText,
)
from devenv.spec.seeds import Secret
from devenv.spec.yaml.positions import KeyPath

DEFAULT_DEADLINE = timedelta(minutes=5)
DatabaseEngine = Literal["postgres", "mysql", "clickhouse", "meilisearch", "redis", "nats"]
KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""Names of which one makes a folder a kustomization."""
PLACE_EXPECTED = "repository and tag, reference, or kustomize is expected"
NodePort = Annotated[int, Field(strict=True, ge=30000, le=32767)]


class ChartSource(SpecModel):
    """A Helm chart: a folder of ours or of a pinned Go module, one that devenv ships, a repository's, a registry's."""

    builtin: DnsLabel | None = None
    """Name of a chart that devenv ships for stacks to share: `postgres`, `service`."""
    path: str | None = None
    """Folder relative to the stack; inside the module when `module` is set."""
    module: str | None = None
    """Go module whose version and checksum are pinned in versions.yaml."""
    repository: str | None = None
    name: str | None = None
    oci: str | None = None
    version: str | None = None
    release: DnsLabel | None = None
    """Release name; the stack's name when unset."""
    drop_dependencies: tuple[str, ...] = ()
    """Chart dependencies left out (their home may be out of reach)."""

    @model_validator(mode="after")
    def _one_origin(self) -> ChartSource:
        origins = [bool(self.path), bool(self.builtin), bool(self.repository), bool(self.oci)]
        if sum(origins) != 1:
            raise ValueError("exactly one of path (with or without module), builtin, repository and oci is expected")
        if self.repository and not (self.name and self.version):
            raise ValueError("a chart from a repository needs name and version")
        if self.oci and not self.version:
            raise ValueError("a chart from a registry needs a version")
        if "@" in (self.repository or self.oci or "").partition("://")[2].partition("/")[0]:
            raise ValueError(
                "an address with a user or password in it would be seen in the list of processes: "
                "fetch the chart into the stack's folder (helm pull --untar) and name it as path"
            )
        return self


class ManifestSource(SpecModel):
    """Plain manifests, a file or a folder of *.yaml, of the stack or inside a pinned Go module."""

    path: str
    module: str | None = None


class KustomizeSource(SpecModel):
    """A kustomization; `{profile}` in the path is replaced."""

    path: str


class Source(SpecModel):
    """One thing that a stack installs; exactly one key is set."""

    chart: ChartSource | None = None
    manifests: ManifestSource | None = None
    kustomize: KustomizeSource | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Source:
        if sum(x is not None for x in (self.chart, self.manifests, self.kustomize)) != 1:
            raise ValueError("exactly one of chart, manifests and kustomize is expected")
        return self


class ImageInjection(SpecModel):
    """Where an image's reference goes: in charts' values (as Skaffold's setValueTemplates does) or kustomizations."""

    repository: ValuePath | None = None
    tag: ValuePath | None = None
    reference: ValuePath | None = None
    """The whole `repository:tag`."""
    kustomize: str | None = Field(default=None, min_length=1)
    """The image's name in manifests and kustomizations, without tag, as kustomize's own `images` takes it."""
    also: tuple[ImageInjection, ...] = ()
    """Further places for the same image."""

    @model_validator(mode="after")
    def _somewhere(self) -> ImageInjection:
        if bool(self.repository) != bool(self.tag):
            raise ValueError("repository and tag go together")
        if not (self.is_placed or self._may_be_placed_elsewhere()):
            raise ValueError(PLACE_EXPECTED)
        return self

    @property
    def is_placed(self) -> bool:
        """Whether it says itself where the reference goes."""
        return bool(self.repository or self.reference or self.kustomize)

    def _may_be_placed_elsewhere(self) -> bool:
        return False


class StackImage(ImageInjection):
    """An image of a stack: where its reference goes, and its origin if neither devenv.yaml nor the catalogue has it."""

    build: LocalImage | None = None
    """How it is built, as under `images` of devenv.yaml; the context is relative to the stack."""
    upstream: Text | None = None
    """The reference that it is pulled by."""

    @model_validator(mode="after")
    def _one_origin(self) -> StackImage:
        if self.build and self.upstream:
            raise ValueError("build and upstream do not go together")
        return self

    def _may_be_placed_elsewhere(self) -> bool:
        return True  # by `set` of the stack, which a check looks at


class Hook(SpecModel):
    """A command run before or after a deployment; its output is kept in the log."""

    name: str
    kubectl: tuple[str, ...] = ()
    """Arguments of kubectl; `{namespace}` and the other placeholders are replaced."""
    command: tuple[str, ...] = ()
    """A program of this machine with its arguments, in no shell; the user is asked once in a project."""
    dir: Text | None = None
    """The folder that `command` runs in, relative to the stack's, which it is where nothing is said."""
    on_failure: Literal["continue", "fail"] = "continue"

    @model_validator(mode="after")
    def _one_kind(self) -> Hook:
        if bool(self.kubectl) == bool(self.command):
            raise ValueError("exactly one of kubectl and command is expected")
        if self.dir and not self.command:
            raise ValueError("dir goes with command: kubectl knows no folder")
        return self

    @property
    def shown(self) -> str:
        """A command of this machine as a shell's line."""
        return shlex.join(self.command) + (f" (in {self.dir})" if self.dir else "")


class Hooks(SpecModel):
    """Hooks of a stack, in order."""

    before: tuple[Hook, ...] = ()
    after: tuple[Hook, ...] = ()


class ExecCheck(SpecModel):
    """Ready when the command, run in the workload's container, ends with status 0."""

    workload: str
    """`statefulset/postgres`."""
    container: str | None = None
    command: tuple[str, ...]


class DryRunCheck(SpecModel):
    """Ready when the API server accepts this manifest in a dry run: the webhooks behind it answer."""

    path: str


class ConditionCheck(SpecModel):
    """Ready when the object has this condition with status True."""

    kind: str
    """As kubectl takes it: `externalsecret`, `clustersecretstore.external-secrets.io`."""
    name: str
    namespace: str | None = None
    """The stack's own when unset."""
    condition: str = "Ready"


class ReadyCheck(SpecModel):
    """One check of usability beyond rolled-out workloads; exactly one key is set."""

    exec: ExecCheck | None = None
    dry_run: DryRunCheck | None = None
    condition: ConditionCheck | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> ReadyCheck:
        if sum(x is not None for x in (self.exec, self.dry_run, self.condition)) != 1:
            raise ValueError("exactly one of exec, dry_run and condition is expected")
        return self


class Endpoint(SpecModel):
    """An address a person or program can use: `<host>.<project>.localhost` behind Traefik."""

    name: DnsLabel
    host: DnsLabel
    scheme: Literal["http", "https"] = "http"
    path: str = "/"


class SecretReference(SpecModel):
    """Keys of a Kubernetes Secret."""

    namespace: DnsLabel | None = None
    """The stack's own when unset."""
    name: str
    keys: tuple[str, ...]


class Credential(SpecModel):
    """Credentials that `devenv status --credentials` shows."""

    name: DnsLabel
    secret: SecretReference


class Database(SpecModel):
    """The database that a stack runs."""

    engine: DatabaseEngine
    workload: str
    container: str | None = None
    name: str
    user: str
    secret: str
    """Secret in the stack's namespace with the keys username and password."""
    node_port: NodePort
    """The Service's port on the nodes; devenv maps it to a port on 127.0.0.1."""
    migrations: str | None = None
    """Folder with migration files."""
    seeds: str | None = None
    """Folder with files that are applied after the migrations."""


class FolderInConfigMaps(SpecModel):
    """A folder that reaches pods byte for byte, whatever its files are called, in as many ConfigMaps as it takes."""

    folder: str
    value: ValuePath
    """Where the ConfigMaps' names go in the charts' values, a list. Their keys `part` together are a tar.gz."""


class Additions(SpecModel):
    """What a stack has more of in some projects."""

    images: dict[DnsLabel, StackImage] = {}
    values: Values = {}


class Variant(Additions):
    """What a stack is made of where a value of the project says so."""

    needs: tuple[DnsLabel, ...] = ()
    wants: tuple[DnsLabel, ...] = ()
    ready: tuple[ReadyCheck, ...] = ()


class Licence(SpecModel):
    """Other images for those who hold a token: used where the environment variable is set."""

    variable: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$")]
    """Environment variable with the token."""
    images: dict[DnsLabel, DnsLabel] = Field(min_length=1)
    """Image of the stack to the one that takes its place."""
    secret: DnsLabel
    """Secret in the stack's namespace that receives the token, with the variable's name as its key."""
    value: ValuePath
    """Where the Secret's name goes in the chart's values."""


class StackSpec(SpecModel):
    """One stack: what it installs, what it needs, and when it counts as ready."""

    name: DnsLabel
    layer: LayerName
    summary: str
    namespace: NamespaceName
    """`{namespace_prefix}` at its beginning is the project's."""
    version: str
    needs: tuple[DnsLabel, ...] = ()
    wants: tuple[DnsLabel, ...] = ()
    """Stacks that come with it, as needed ones do, and that it does not wait for."""
    deadline: Duration = DEFAULT_DEADLINE
    sources: tuple[Source, ...] = Field(min_length=1)
    images: dict[DnsLabel, StackImage] = {}
    values: Values = {}
    values_files: tuple[Text, ...] = ()
    """Files with further values as Helm's --values takes them: as they are, each over those before it."""
    set: dict[Text, WrittenText] = {}
    """Further values as Helm's --set takes them, over those of files. A text may name images: {{.IMAGE_TAG_api}}."""
    files: dict[ValuePath, Text] = {}
    """Where the text of a file goes in the charts' values, as Helm's --set-file puts it there."""
    alongside: dict[DnsLabel, Additions] = {}
    """By another stack's name: images and values that go over this one's own where the project has that one too."""
    variants: dict[DnsLabel, Annotated[dict[DnsLabel, Variant], Field(min_length=1)]] = {}
    """By a value that the project may give the stack, what each adds to its own; the first where it gives none."""
    config_maps: tuple[FolderInConfigMaps, ...] = ()
    """Folders for pods, beside what the charts hold."""
    secrets: tuple[Secret, ...] = ()
    """What LocalStack is seeded with for it, under what the project's own seeds say."""
    seeds: bool = Field(default=False, strict=True)
    """True for the stack that receives the project's AWS seeds."""
    tls: bool = Field(default=False, strict=True)
    """True for the stack that receives the project's TLS certificate, as Secret devenv-tls."""
    ca: bool = Field(default=False, strict=True)
    """True for the stack that receives a CA of the project, signed by the local one, as Secret devenv-ca."""
    licence: Licence | None = None
    hooks: Hooks = Hooks()
    ready: tuple[ReadyCheck, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    credentials: tuple[Credential, ...] = ()
    database: Database | None = None

    def in_project(self, namespace_prefix: str) -> StackSpec:
        """The stack with the namespace that it has in a project."""
        namespace = self.namespace.replace("{namespace_prefix}", namespace_prefix)
        secrets = tuple(secret.in_project(namespace_prefix) for secret in self.secrets)
        return self.model_copy(update={"namespace": namespace, **({"secrets": secrets} if secrets else {})})

    @property
    def injections(self) -> tuple[tuple[KeyPath, StackImage], ...]:
        """Each image that it may be installed with, with its place in the file, whose last key is the image's name."""
        own: list[tuple[KeyPath, StackImage]] = [(("images", name), image) for name, image in self.images.items()]
        more = [((*at, "images", name), image) for at, extra in self.additions for name, image in extra.images.items()]
        return (*own, *more)

    @property
    def additions(self) -> tuple[tuple[KeyPath, Additions], ...]:
        """What it may have more of, with its place in the file."""
        company: list[tuple[KeyPath, Additions]] = [
            (("alongside", name), more) for name, more in self.alongside.items()
        ]
        return (*company, *self.every_variant)

    @property
    def every_variant(self) -> tuple[tuple[KeyPath, Variant], ...]:
        """All that a value may choose, with its place in the file."""
        return tuple(
            (("variants", key, name), more) for key, all_ in self.variants.items() for name, more in all_.items()
        )

    def named(self, key: Literal["needs", "wants"]) -> tuple[tuple[KeyPath, str], ...]:
        """Each stack that it may need or want, with its place in the file."""
        parts: list[tuple[KeyPath, tuple[str, ...]]] = [((key,), getattr(self, key))]
        parts += [((*at, key), getattr(variant, key)) for at, variant in self.every_variant]
        return tuple(((*at, index), other) for at, others in parts for index, other in enumerate(others))

    @property
    def modules(self) -> tuple[str, ...]:
        """The Go modules that hold sources of it."""
        named = (source.chart or source.manifests for source in self.sources)
        return tuple(source.module for source in named if source and source.module)
