"""Hooks of Skaffold's builds: those before one as a task, those after one as commands that follow the image's build.

What comes before a build may write what that reads, and an image's tag is a hash of it: so it runs ahead of all plans.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from devenv.spec.imports.skaffold.file.skaffold_model import HookItem, HostHook
from devenv.spec.imports.skaffold.hooks import SYSTEM

_OF_IMAGE = "SKAFFOLD_IMAGE"


def commands_of(items: Sequence[HookItem], *, folder: Path, top: Path, root: Path) -> list[dict[str, Any]]:
    """The commands of this machine, each with the folder that it runs in, relative to devenv.yaml.

    Args:
        items: of one list.
        folder: the one that the configuration's paths are relative to.
        top: the folder that Skaffold is run in, and so are commands that name none.
        root: the folder of devenv.yaml.
    """
    return [
        {
            "command": [*host.command],
            "dir": Path(os.path.relpath(folder / host.dir if host.dir else top, root)).as_posix(),
        }
        for host in _hosts(items)
    ]


def tasks_before(image: str, commands: Sequence[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A task for each command before the build of an image, one after the other."""
    before: list[str] = []
    for number, command in enumerate(commands):
        name = f"before-{image}" + (f"-{number + 1}" if number else "")
        yield name, {"run": command["command"], "dir": command["dir"], "needs": [*before]}
        before = [name]


def names_image(command: dict[str, Any]) -> bool:
    """Whether a command reads the name of the image, which has none before it is built."""
    return any(_OF_IMAGE in word for word in command["command"])


def _hosts(items: Sequence[HookItem]) -> Iterator[HostHook]:
    for item in items:
        host = item.of_host
        if host and host.command and (not host.os or SYSTEM in host.os):
            yield host
