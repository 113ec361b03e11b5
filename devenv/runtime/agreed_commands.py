"""Commands of this machine that the user has agreed to in a project: asked once, and remembered in its state folder.

Responsible for remembering. Whoever can write the project's files writes them, so none is run that nobody has seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from devenv.adapters.files.records import remembered, write_whole

_FILE = "agreed-commands.json"


def not_agreed(state: Path, commands: Iterable[str]) -> list[str]:
    """Those of some commands that the user has not agreed to; `state` is the project's state folder.

    Where what was remembered is damaged these are all: the user is asked again.
    """
    known = _known(state)
    return [command for command in commands if command not in known]


def agree(state: Path, commands: Iterable[str]) -> None:
    """Remember that the user agrees to commands."""
    state.mkdir(parents=True, exist_ok=True)
    record = {"commands": sorted({*_known(state), *commands})}
    write_whole(state / _FILE, json.dumps(record, indent=1))


def _known(state: Path) -> set[str]:
    found = remembered(state / _FILE, commands=list).get("commands", ())
    return {command for command in found if isinstance(command, str)}
