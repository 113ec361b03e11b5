"""An image that is built from the project's own sources, as data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from devenv.spec.model import DnsLabel, SpecModel, Text
from devenv.spec.sync_rule import SyncRule

TagPolicy = Literal["content", "git"]
BuildNetwork = Literal["default", "none", "host"]


SecretId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]


class BuildSecret(SpecModel):
    """What a step of a build may read, and no layer keeps: `RUN --mount=type=secret,id=…`."""

    file: Text | None = None
    """Relative to devenv.yaml, absolute, or below the home (`~/.npmrc`)."""
    env: Text | None = None
    """An environment variable."""

    @model_validator(mode="after")
    def _one_source(self) -> BuildSecret:
        if bool(self.file) == bool(self.env):
            raise ValueError("exactly one of file and env is expected")
        return self


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
    secrets: dict[SecretId, BuildSecret] = {}
    """What steps of the build may read; the tag does not depend on it."""
    ssh: Text | None = None
    """The agent or key that steps may use, as `docker build --ssh` has it: `default`."""
    sync: tuple[SyncRule, ...] = ()
    """What `devenv dev` puts into running containers when it is saved, without a build."""
