"""The steps a plan is made of: frozen values, never clients.

Every step knows its key (unique in a plan), its title (imperative, for people) and its group (where it is shown).
`devenv.engine.execute` matches these types exhaustively.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from devenv.spec.stack import Hook, ReadyCheck

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
class RemoveBrokenCluster:
    """Remove the rest of a cluster whose creation was interrupted."""

    cluster: str

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return "cluster/remove-broken"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Remove the unfinished cluster {self.cluster}"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "cluster"


@dataclass(frozen=True, slots=True)
class StartCluster:
    """Start the stopped nodes of an existing cluster."""

    cluster: str
    nodes: tuple[str, ...]

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return "cluster/create"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Start cluster {self.cluster}"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "cluster"


@dataclass(frozen=True, slots=True)
class CreateCluster:
    """Create the kind cluster in a network of its own."""

    cluster: str
    node_image: str
    config: str
    """kind's configuration, YAML."""

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return "cluster/create"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Create cluster {self.cluster}"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "cluster"


@dataclass(frozen=True, slots=True)
class AwaitNodeRuntime:
    """Wait until the nodes' container runtime answers: images can be loaded while the control plane still starts."""

    cluster: str
    nodes: int

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return "cluster/node-runtime"

    @property
    def title(self) -> str:
        """What it does."""
        return "Await the nodes' container runtime"

    @property
    def group(self) -> str:
        """Where it is shown."""
        return "cluster"


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


@dataclass(frozen=True, slots=True)
class StackStep:
    """What the steps of one stack share."""

    stack: str
    layer: str
    namespace: str

    @property
    def group(self) -> str:
        """Where it is shown."""
        return self.layer


@dataclass(frozen=True, slots=True)
class RunHook(StackStep):
    """Run a hook of a stack; its output is kept in the log."""

    when: str
    """`before` or `after`."""
    hook: Hook

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"hook/{self.stack}/{self.when}/{self.hook.name}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Run hook {self.hook.name} {self.when} {self.stack}"


@dataclass(frozen=True, slots=True)
class ApplySeeds(StackStep):
    """Write the AWS seeds as a Secret, and apply them to a LocalStack that already runs."""

    document: str
    """The seeds, JSON; values still to be generated are marked."""

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"seeds/{self.stack}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Seed {self.stack}"


@dataclass(frozen=True, slots=True)
class ApplyTls(StackStep):
    """Write the project's TLS certificate as a Secret."""

    domain: str

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"tls/{self.stack}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Issue the TLS certificate of {self.domain}"


@dataclass(frozen=True, slots=True)
class ApplyManifests(StackStep):
    """Apply manifests server-side."""

    index: int
    path: str
    """File or folder; relative to the module when one is named, else absolute."""
    module: str | None = None
    kustomize: bool = False

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"apply/{self.stack}/{self.index}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Apply {'kustomization' if self.kustomize else 'manifests'} of {self.stack}"


@dataclass(frozen=True, slots=True)
class InstallChart(StackStep):
    """Install or upgrade a Helm release."""

    release: str
    chart: str
    """Folder (absolute, or relative to the module), `oci://…`, or a chart's name in `repository`."""
    values: str
    """The merged values, JSON."""
    deadline: timedelta
    content: str
    """Hash of everything that makes up the release; kept on the release as a label."""
    module: str | None = None
    repository: str | None = None
    version: str | None = None
    drop_dependencies: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"install/{self.release}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Install chart {self.release}"


@dataclass(frozen=True, slots=True)
class AwaitReady(StackStep):
    """Wait until a stack is usable, then record its content in the cluster."""

    checks: tuple[ReadyCheck, ...]
    deadline: timedelta
    content: str
    root: Path
    """The stack's folder, which paths in checks are relative to."""

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"ready/{self.stack}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Await {self.stack}"


Step = (
    ProvideTool
    | FetchModule
    | BootstrapImage
    | PullImage
    | BuildImage
    | AssembleNodeImage
    | PruneBuildCache
    | RemoveBrokenCluster
    | StartCluster
    | CreateCluster
    | AwaitNodeRuntime
    | LoadImage
    | RunHook
    | ApplySeeds
    | ApplyTls
    | ApplyManifests
    | InstallChart
    | AwaitReady
)
