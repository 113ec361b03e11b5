"""A command of this machine, as a project writes it, and what starts it in a loop."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from devenv.spec.model import Text, WrittenText

HostCommand = Annotated[tuple[WrittenText, ...], Field(min_length=1)] | Text
"""A program and its arguments, or a text for `sh`."""

Trigger = Literal["auto", "manual"]
"""Whether `devenv dev` does by itself what a save asks for, or waits until it is asked."""


def argv_of(command: HostCommand | None) -> tuple[str, ...]:
    """What is started; nothing where nothing is."""
    return ("sh", "-c", command) if isinstance(command, str) else command or ()


def shown_command(command: HostCommand, env: Mapping[str, str], folder: str = ".") -> str:
    """A command of this machine as a shell's line, with all that decides what it does."""
    variables = [f"{name}={shlex.quote(value)}" for name, value in env.items()]
    line = command if isinstance(command, str) else shlex.join(command)
    return " ".join([*variables, line]) + (f" (in {folder})" if folder != "." else "")
