"""`devenv secrets`: what LocalStack's Secrets Manager holds, and another value that the cluster's Secrets follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.errors import UsageError
from devenv.events import Noted
from devenv.runtime.steps.localstack import local_stack
from devenv.spec.read.wording import name_hint
from devenv.workflows.access.exclusive import confirm_lock
from devenv.workflows.access.session import Session
from devenv.workflows.databases.deployed import Deployment, reach

if TYPE_CHECKING:
    from devenv.localstack import Secret, Vault

_FOLLOW_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class SecretRow:
    """One secret, without its value."""

    name: str
    keys: tuple[str, ...]
    """Of one that holds several values."""
    followed_by: tuple[str, ...]
    """The Secrets in the cluster that are made of it, `namespace/name`."""

    def as_dict(self) -> dict[str, object]:
        """The row as JSON-ready data."""
        return {"name": self.name, "keys": list(self.keys), "followed_by": list(self.followed_by)}


@dataclass(frozen=True, slots=True)
class SecretRequest:
    """A secret, or one of its values."""

    directory: Path
    name: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class SecretChange:
    """What became of a new value."""

    name: str
    change: str
    """`created`, `updated` or `unchanged`."""
    followed_by: tuple[str, ...] = ()
    left: dict[str, str] = field(default_factory=dict)
    """Secrets that do not follow yet, with the reason."""

    def as_dict(self) -> dict[str, object]:
        """As JSON-ready data."""
        return {"name": self.name, "change": self.change, "followed_by": list(self.followed_by), "left": self.left}


def list_secrets(directory: Path, session: Session) -> list[SecretRow]:
    """All secrets of the environment that runs, by name; raises what `reach` does, and DatabaseError."""
    with reach(directory, session) as deployment:
        followers = deployment.environment.cluster.followers_of_secrets()
        return [
            SecretRow(secret.name, secret.keys, tuple(sorted({f.key for f in followers.get(secret.name, ())})))
            for secret in _vault(deployment).list()
        ]


def get_secret(request: SecretRequest, session: Session) -> str:
    """What a secret holds, whole or under a key; raises UsageError where it is not there."""
    with reach(request.directory, session) as deployment:
        vault = _vault(deployment)
        secret = vault.read(request.name)
        if secret is None:
            raise _unknown(request.name, vault)
    return _field(secret, request.key) if request.key else secret.text


def set_secret(request: SecretRequest, value: str, session: Session) -> SecretChange:
    """Give a secret another value, and have the cluster's Secrets follow at once; returns when they have.

    Raises:
        UsageError: the value is empty, or a key is given for a secret that is one text.
        DatabaseError: LocalStack does not answer, or refuses.
        LockedError: another run changes the project, and this one is not to wait.
    """
    if not value:
        raise UsageError(
            "a secret's value cannot be empty", hint=f"printf %s VALUE | devenv secrets set {request.name}"
        )
    session.mask(value)
    with reach(request.directory, session, alone=True) as deployment:
        vault = _vault(deployment)
        text = _changed(vault.read(request.name), request, value) if request.key else value
        confirm_lock(deployment.environment.names.project, session)
        change = vault.write(request.name, text)
        cluster = deployment.environment.cluster
        followed = cluster.follow_secret(request.name, timeout=_FOLLOW_SECONDS, cancel=session.cancel)
        for key, reason in followed.left.items():
            session.emit(Noted(f"Secret {key} does not follow yet: {reason}", "warning"))
    return SecretChange(request.name, change, followed.done, dict(followed.left))


def _vault(deployment: Deployment) -> Vault:
    return local_stack(deployment.environment).vault


def _changed(secret: Secret | None, request: SecretRequest, value: str) -> str:
    from devenv.localstack import with_field  # noqa: PLC0415 -- its clients take long to load

    return with_field(secret, request.name, request.key or "", value)


def _field(secret: Secret, key: str) -> str:
    from devenv.localstack import fields_of  # noqa: PLC0415 -- its clients take long to load

    fields = fields_of(secret.text)
    if key not in fields:
        what = "keys" if fields else f"keys in {secret.name}, which is one text"
        raise UsageError(f"secret {secret.name} has no key {key}", hint=name_hint(key, fields, what))
    return fields[key]


def _unknown(name: str, vault: Vault) -> UsageError:
    return UsageError(f"there is no secret {name}", hint=name_hint(name, [s.name for s in vault.list()], "secrets"))
