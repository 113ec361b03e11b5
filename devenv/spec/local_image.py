"""An image that is built from the project's own sources, as data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from devenv.spec.model import DnsLabel, SpecModel, Text
from devenv.spec.sync_rule import SyncRule
from devenv.spec.tasks.host_command import HostCommand, Trigger, shown_command

TagPolicy = Literal["content", "git"]
BuildNetwork = Literal["default", "none", "host"]


_OF_DOCKERFILES = frozenset({"args", "dockerfile", "network", "secrets", "ssh", "target"})
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


class FollowingCommand(SpecModel):
    """A command of this machine that follows a build."""

    command: HostCommand
    dir: Text = "."
    """The folder that it runs in, relative to devenv.yaml."""

    @property
    def shown(self) -> str:
        """What the user is asked to agree to."""
        return shown_command(self.command, {}, self.dir)


class LocalImage(SpecModel):
    """An image built from the project's own sources."""

    context: str
    dockerfile: str = "Dockerfile"
    """Relative to the context."""
    target: str | None = None
    args: dict[str, str] = {}
    bases: dict[str, DnsLabel] = {}
    """Build argument, or variable of `command`, to the name of an image in the catalogue: its full reference."""
    tag: TagPolicy = "content"
    """What the tag is made from: a hash of what the build reads, or the git commit (with that hash, when not all of
    it is committed)."""
    network: BuildNetwork = "default"
    """What the build's commands reach: a network made for each, none, or the engine's host as it is."""
    secrets: dict[SecretId, BuildSecret] = {}
    """What steps of the build may read; the tag does not depend on it."""
    ssh: Text | None = None
    """The agent or key that steps may use, as `docker build --ssh` has it: `default`."""
    command: HostCommand | None = None
    """A command of this machine that builds it in place of a Dockerfile: in the context, and under the name that the
    variable IMAGE holds. The user is asked once in a project."""
    outputs: Literal["image"] = "image"
    """What `command` leaves: an image in the engine."""
    deps: tuple[Text, ...] = ()
    """What of the context `command` reads; all of it where nothing is said."""
    after: tuple[FollowingCommand, ...] = ()
    """Commands of this machine that follow each build, with its name in the variable IMAGE; where one fails, the build
    does. The user is asked once in a project."""
    dev: Trigger = "auto"
    """Whether `devenv dev` brings what is saved by itself, or waits for `devenv dev trigger NAME`."""
    sync: tuple[SyncRule, ...] = ()
    """What `devenv dev` puts into running containers when it is saved, without a build."""

    @model_validator(mode="after")
    def _one_way(self) -> LocalImage:
        if self.command is None and self.deps:
            raise ValueError("deps goes with command: of a Dockerfile all that its context sends counts")
        if self.command is not None and (others := sorted(_OF_DOCKERFILES & self.model_fields_set)):
            raise ValueError(f"{others[0]} goes with a Dockerfile, and not with command")
        return self

    @property
    def shown(self) -> str:
        """What the user is asked to agree to; empty where it is built from a Dockerfile."""
        return shown_command(self.command, {}, self.context) if self.command else ""

    @property
    def host_commands(self) -> tuple[str, ...]:
        """All that the user is asked to agree to."""
        return tuple(filter(None, (self.shown, *(each.shown for each in self.after))))
