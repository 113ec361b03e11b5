"""Steps that install a stack and wait until it is usable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from devenv.spec.stack import Hook, ReadyCheck


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
class ApplyLicence(StackStep):
    """Write the token that an environment variable holds as a Secret."""

    variable: str
    secret: str

    @property
    def key(self) -> str:
        """Unique in a plan."""
        return f"licence/{self.stack}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"Hand {self.variable} to {self.stack}"


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
