"""A task of devenv.yaml: a command of this machine that is part of bringing the environment up. As data."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from devenv.spec.model import DnsLabel, Duration, SpecModel, Text, WrittenText
from devenv.spec.services.container import VariableName

HostCommand = Annotated[tuple[WrittenText, ...], Field(min_length=1)] | Text
"""A program and its arguments, or a text for `sh`."""


def argv_of(command: HostCommand | None) -> tuple[str, ...]:
    """What is started; nothing where nothing is."""
    return ("sh", "-c", command) if isinstance(command, str) else command or ()


class Task(SpecModel):
    """One task: what runs to its end."""

    run: HostCommand
    """A program and its arguments, or a text for `sh`, that ends by itself."""
    deps: tuple[Text, ...] = ()
    """Files and folders that it reads: while they stay the same it is not run again. Without any it runs in every
    `devenv up`."""
    outputs: tuple[Text, ...] = ()
    """Files and folders that it makes: it runs again where one is gone, and they do not count among `deps`."""
    needs: tuple[DnsLabel, ...] = ()
    """Tasks that come first, and stacks, services and databases that must be ready."""
    env: dict[VariableName, WrittenText] = {}
    """Variables over those of the shell that devenv was started in."""
    dir: Text = "."
    """The folder that it runs in, relative to devenv.yaml."""
    deadline: Duration = timedelta(minutes=10)
    """How long it may take."""
    ci: bool = Field(default=True, strict=True)
    """Whether it runs where the variable CI is set."""

    @property
    def shown(self) -> str:
        """What the user is asked to agree to."""
        return shown_command(self.run, self.env, self.dir)


def shown_command(command: HostCommand, env: dict[str, str], folder: str = ".") -> str:
    """A command of this machine as a shell's line, with all that decides what it does."""
    variables = [f"{name}={shlex.quote(value)}" for name, value in env.items()]
    line = command if isinstance(command, str) else shlex.join(command)
    return " ".join([*variables, line]) + (f" (in {folder})" if folder != "." else "")
