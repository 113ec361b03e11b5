"""What a program is to devenv: where it is found, the environment it gets, and what it left when it ended."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.process.variables import inherited
from devenv.errors import ToolMissingError


@dataclass(frozen=True)
class Completed:
    """A program that has ended. A negative status is the number of the signal that ended it."""

    argv: tuple[str, ...]
    status: int
    stdout: str
    stderr: str
    seconds: float


def find_program(name: str, *, path: str | None = None) -> Path | None:
    """The program that `name` means on `path` (default: PATH), or None."""
    found = shutil.which(name, path=path)
    return Path(found).absolute() if found else None


def administrators_path() -> str:
    """PATH, and behind it where programs of administrators are: distributions leave those out of a user's."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"


def locate(name: str, env: Mapping[str, str]) -> Path:
    """The program that `name` means in `env`; raises ToolMissingError when there is none."""
    program = find_program(name, path=env.get("PATH", os.defpath))
    if program is None:
        raise ToolMissingError(
            f"the program {name} was not found",
            context={"searched": env.get("PATH", os.defpath)},
            hint=f"install {Path(name).name}, or put its folder on PATH",
        )
    return program


def environment(over: Mapping[str, str] | None) -> dict[str, str]:
    """What a program inherits of this process's environment, with `over` laid over it."""
    return {**inherited(), **(over or {})}
