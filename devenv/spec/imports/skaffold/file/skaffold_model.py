"""What all parts of a Skaffold configuration share."""

from __future__ import annotations

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from devenv.spec.model import SpecModel


class SkaffoldModel(SpecModel):
    """A part of a configuration, whose keys are written as Skaffold writes them."""

    model_config = ConfigDict(alias_generator=to_camel)


class HostHook(SkaffoldModel):
    """A command on this machine."""

    command: tuple[str, ...] = ()
    os: tuple[str, ...] = ()
    dir: str | None = None


class ContainerHook(SkaffoldModel):
    """A command in running containers."""

    command: tuple[str, ...] = ()
    pod_name: str | None = None
    container_name: str | None = None


class HookItem(SkaffoldModel):
    """One hook: of either kind, or, where only this machine may be meant, the host's without more."""

    host: HostHook | None = None
    container: ContainerHook | None = None
    command: tuple[str, ...] = ()
    os: tuple[str, ...] = ()
    dir: str | None = None

    @property
    def of_host(self) -> HostHook | None:
        """What is run on this machine."""
        if self.command:
            return HostHook(command=self.command, os=self.os, dir=self.dir)
        return self.host


class HookList(SkaffoldModel):
    """Hooks before and after something."""

    before: tuple[HookItem, ...] = ()
    after: tuple[HookItem, ...] = ()
