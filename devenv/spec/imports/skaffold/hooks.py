"""Hooks of Skaffold's deployers as hooks of a stack; those in containers are told.

Responsible for one list of hooks at a time. A shell's line that does nothing but call kubectl counts as such a call;
all else is a command of this machine, which devenv asks for.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from devenv.spec.imports.note import Note
from devenv.spec.imports.skaffold.file.skaffold_model import HookItem
from devenv.spec.yaml.positions import Document, KeyPath

_SHELLS = ("sh", "bash", "/bin/sh", "/bin/bash")
_SHELL_WORDS = re.compile(r"[|&;<>$`(){}*?\n\\]")
_CLUSTER_FLAGS = ("--context", "--kubeconfig", "--cluster")
SYSTEM = {"darwin": "darwin", "win32": "windows"}.get(sys.platform, "linux")
_IN_CONTAINERS = "write it as ready: exec in a stack.yaml, or into the image's own start"


def stack_hooks(
    items: Sequence[HookItem], document: Document, at: KeyPath, notes: list[Note], *, folder: Path, top: Path
) -> Iterator[dict[str, Any]]:
    """The hooks as a stack has them.

    Args:
        items: of one list.
        document: the configuration's.
        at: where the list is.
        notes: takes those that are not carried over.
        folder: the one that the configuration's paths are relative to.
        top: the folder that Skaffold is run in, and so are commands that name none.
    """
    for index, item in enumerate(items):
        if item.container is not None:
            notes.append(Note.at(document, (*at, index), "a hook in containers is not carried over", _IN_CONTAINERS))
            continue
        host = item.of_host
        if host is None or not host.command or (host.os and SYSTEM not in host.os):
            continue
        called = kubectl_call(host.command)
        # Skaffold stops where a hook fails; what is written as `… || true` may fail.
        on_failure = "continue" if _may_fail(host.command) else "fail"
        if called:
            yield {"name": _name(called), "kubectl": called, "on_failure": on_failure}
        else:
            place = host.dir or os.path.relpath(top, folder)
            name = f"{at[1]} command"
            yield {"name": name, "command": list(host.command), "dir": Path(place).as_posix(), "on_failure": on_failure}


def with_own_names(hooks: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The hooks, each of a name that none before it has."""
    found: list[dict[str, Any]] = []
    for hook in hooks:
        taken = sum(other["name"].partition(" #")[0] == hook["name"] for other in found)
        found.append({**hook, "name": f"{hook['name']} #{taken + 1}" if taken else hook["name"]})
    return found


def kubectl_call(command: Sequence[str]) -> list[str] | None:
    """The arguments of kubectl where a command is nothing but a call of it; None where it is something else."""
    words = list(command)
    if len(words) == 3 and words[0] in _SHELLS and words[1] in ("-c", "-ec", "-xc"):  # noqa: PLR2004 -- sh -c LINE
        line = re.sub(r"\s*\|\|\s*(true|:)\s*$", "", words[2].strip())
        if _SHELL_WORDS.search(line):
            return None
        try:
            words = shlex.split(line)
        except ValueError:
            return None
    if not words or words[0] != "kubectl":
        return None
    # Which cluster is meant is devenv's to say.
    kept = [word for index, word in enumerate(words) if index and not _names_cluster(words, index)]
    return kept or None


def _names_cluster(words: Sequence[str], index: int) -> bool:
    flag = words[index].partition("=")[0]
    return flag in _CLUSTER_FLAGS or (words[index - 1] in _CLUSTER_FLAGS)


def _may_fail(command: Sequence[str]) -> bool:
    return re.search(r"\|\|\s*(true|:)\s*$", command[-1].strip()) is not None


def _name(call: Sequence[str]) -> str:
    """A noun phrase after what is called."""
    return " ".join(["kubectl", *(word for word in call[:3] if not word.startswith("-"))])
