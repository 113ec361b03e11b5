"""Steps that install a stack and wait until it is usable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from devenv.plan.replacement import Growth, Replacement
from devenv.plan.steps.step import PlanStep
from devenv.spec.model import Pairs
from devenv.spec.stack import Database, Hook, ReadyCheck


@dataclass(frozen=True, slots=True)
class CarriedFolder:
    """One folder, and the ConfigMaps that it travels in."""

    folder: Path
    names: tuple[str, ...]
    """In the order in which their parts make up the archive."""


def ready_key(stack: str) -> str:
    """Of the step that ends a stack: those of stacks that need it come after."""
    return f"ready/{stack}"


@dataclass(frozen=True, slots=True)
class StackStep(PlanStep):
    """What the steps of one stack share."""

    GROUP = "{self.layer}"

    stack: str
    layer: str
    namespace: str


@dataclass(frozen=True, slots=True)
class RunHook(StackStep):
    """Run a hook of a stack; its output is kept in the log."""

    KEY = "hook/{self.stack}/{self.when}/{self.hook.name}"

    when: str
    """`before` or `after`."""
    hook: Hook

    @property
    def title(self) -> str:
        """What it does, imperative, for people; a command of this machine is shown."""
        what = f"on this machine: {self.hook.shown}" if self.hook.command else f"hook {self.hook.name}"
        return f"Run {what}, {self.when} {self.stack}" if self.hook.command else f"Run {what} {self.when} {self.stack}"


@dataclass(frozen=True, slots=True)
class ApplySeeds(StackStep):
    """Write the AWS seeds as a Secret, and apply them to a LocalStack that already runs."""

    KEY = "seeds/{self.stack}"
    TITLE = "Seed {self.stack}"

    document: str
    """The seeds, JSON; values still to be generated are marked."""


@dataclass(frozen=True, slots=True)
class RefreshSecrets(StackStep):
    """Have external secrets read the AWS seeds anew, where these have changed, instead of an hour later."""

    KEY = "refresh/{self.stack}"
    TITLE = "Refresh the secrets from {self.stack}"


@dataclass(frozen=True, slots=True)
class ApplyTls(StackStep):
    """Write the project's TLS certificate as a Secret."""

    KEY = "tls/{self.stack}"
    TITLE = "Issue the TLS certificate of {self.domain}"

    domain: str


@dataclass(frozen=True, slots=True)
class ApplyCa(StackStep):
    """Write the project's CA, which the local one signs, as a Secret."""

    KEY = "ca/{self.stack}"
    TITLE = "Issue a CA for {self.domain}"

    domain: str


@dataclass(frozen=True, slots=True)
class ApplyLicence(StackStep):
    """Write the token that an environment variable holds as a Secret."""

    KEY = "licence/{self.stack}"
    TITLE = "Hand {self.variable} to {self.stack}"

    variable: str
    secret: str


@dataclass(frozen=True, slots=True)
class GrowClaim(StackStep):
    """Let a volume claim grow, before what it is made of says the new size."""

    KEY = "grow/{self.growth.claim.namespace}/{self.growth.claim.name}"
    TITLE = "Grow claim {self.growth.claim.name} from {self.growth.former} to {self.growth.size}"

    growth: Growth


@dataclass(frozen=True, slots=True)
class ReplaceObject(StackStep):
    """Delete an object that cannot be changed to what is wanted, right before the new one is applied."""

    replacement: Replacement
    deadline: timedelta

    @property
    def key(self) -> str:
        """Unique in a plan: two kinds may share a name, such as the Service of Kubernetes and that of Knative."""
        replaced = self.replacement.object
        return f"replace/{replaced.namespace}/{replaced.version}/{replaced.kind}/{replaced.name}"

    @property
    def title(self) -> str:
        """What it does, imperative, for people."""
        kept = f": {self.replacement.kept}" if self.replacement.kept else ""
        return f"Replace {self.replacement.object.display_name}{kept}"


@dataclass(frozen=True, slots=True)
class ApplyManifests(StackStep):
    """Apply manifests server-side."""

    KEY = "apply/{self.stack}/{self.index}"

    index: int
    path: str
    """File or folder; relative to the module when one is named, else absolute."""
    module: str | None = None
    kustomize: bool = False
    images: Pairs = ()
    """Name in the manifests to the reference that takes its place."""
    pinned: str = ""
    """What names the manifests where they are a pinned module's."""
    looks_ahead: bool = False
    """Whether it has to see for itself what stands in its way: the plan could not."""

    @property
    def title(self) -> str:
        """What it does, imperative, for people."""
        return f"Apply {'kustomization' if self.kustomize else 'manifests'} of {self.stack}"


@dataclass(frozen=True, slots=True)
class InstallChart(StackStep):
    """Install or upgrade a Helm release."""

    KEY = "install/{self.release}"
    TITLE = "Install chart {self.release}"

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
    config_maps: tuple[CarriedFolder, ...] = ()
    """Folders that its pods read, written before it."""
    swaps: tuple[str, ...] = ()
    """References of new images, when they are all that changed: workloads may get them before Helm comes to them."""
    looks_ahead: bool = False
    """Whether it has to see for itself what stands in its way: the plan could not."""
    loses: str = ""
    """What goes with objects that the release is to have no more, in words."""


@dataclass(frozen=True, slots=True)
class PrepareDatabase(StackStep):
    """Keep what migrations and seeds have made, as the state to which `devenv reset-db` returns."""

    KEY = "database/{self.stack}"
    TITLE = "Keep the pristine state of {self.stack}"

    database: Database
    content: str
    """Hash of the migrations and seeds."""
    seeds: tuple[Path, ...] = ()
    fresh: bool = False
    """Whether it held nothing when this was planned."""


@dataclass(frozen=True, slots=True)
class ResetDatabase(StackStep):
    """Bring a database back to what migrations and seeds have made."""

    KEY = "reset/{self.stack}"
    TITLE = "Reset {self.stack}"

    database: Database


@dataclass(frozen=True, slots=True)
class ResetAws(StackStep):
    """Bring LocalStack's services back to the seeds."""

    KEY = "aws/{self.stack}"
    TITLE = "Reset {self.stack}"


@dataclass(frozen=True, slots=True)
class RestartWorkloads(StackStep):
    """Have the pods of a stack's workloads replaced, and await that they are."""

    KEY = "restart/{self.stack}"
    TITLE = "Restart {self.stack}"

    deadline: timedelta


@dataclass(frozen=True, slots=True)
class BorrowWorkload(StackStep):
    """Change a workload for a while, and await that it is rolled out."""

    kind: str
    name: str
    manager: str
    """In whose name it is applied."""
    manifest: str
    """JSON: the workload as it will be, with what it was before."""
    deadline: timedelta


@dataclass(frozen=True, slots=True)
class DebugWorkload(BorrowWorkload):
    """Put a workload under a debugger."""

    KEY = "debug/{self.stack}"
    TITLE = "Put {self.stack} under a debugger"


@dataclass(frozen=True, slots=True)
class InterceptWorkload(BorrowWorkload):
    """Have a workload lead what comes to it to this machine."""

    KEY = "intercept/{self.stack}"
    TITLE = "Intercept {self.stack}"


@dataclass(frozen=True, slots=True)
class UninstallStack(PlanStep):
    """Remove what a stack is made of that the specification no longer names, and what is recorded of it."""

    KEY = "uninstall/{self.stack}"
    TITLE = "Uninstall {self.stack}"
    GROUP = "no longer in devenv.yaml"

    stack: str
    releases: tuple[str, ...]
    """`namespace/name` of its Helm releases."""
    objects: Pairs
    """All others that were applied for it: the API's path of their kind, and `namespace/name` or the name alone."""
    claims: tuple[str, ...]
    """`namespace/name` of the volume claims that go too."""

    @property
    def loses(self) -> str:
        """What of the user's goes with it, in words."""
        return f"everything that {', '.join(self.claims)} hold" if self.claims else ""


@dataclass(frozen=True, slots=True)
class AwaitReady(StackStep):
    """Wait until a stack is usable, then record its content in the cluster."""

    TITLE = "Await {self.stack}"

    checks: tuple[ReadyCheck, ...]
    deadline: timedelta
    content: str
    root: Path
    """The stack's folder, which paths in checks are relative to."""
    images: Pairs = ()
    """Image name to the reference that the stack was given."""
    kept: tuple[str, ...] = ()
    """What names the manifests of pinned modules that are left as they are: the record goes on to have them."""
    pinned_since: bool = False
    """Nothing was installed: what runs is what has been pinned since, which is recorded now."""

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return ready_key(self.stack)
