"""Hooks of Skaffold's deployers: what kubectl runs becomes a hook of a stack, and what cannot be done is told.

Responsible for one list of hooks at a time. A shell's line that does nothing but call kubectl counts as such a call.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from devenv.spec.imports.note import Note
from devenv.spec.imports.skaffold.skaffold_model import HookItem
from devenv.spec.yaml.positions import Document, KeyPath

_SHELLS = ("sh", "bash", "/bin/sh", "/bin/bash")
_SHELL_WORDS = re.compile(r"[|&;<>$`(){}*?\n\\]")
_CLUSTER_FLAGS = ("--context", "--kubeconfig", "--cluster")
_INSTEAD = "run it yourself, before devenv up or after it"
_IN_CONTAINERS = "write it as ready: exec in a stack.yaml, or into the image's own start"


def stack_hooks(
    items: Sequence[HookItem], document: Document, at: KeyPath, notes: list[Note]
) -> Iterator[dict[str, Any]]:
    """The hooks as a stack has them; `notes` takes those that are not carried over."""
    names: set[str] = set()
    for index, item in enumerate(items):
        place = (*at, index)
        if item.container is not None:
            notes.append(Note.at(document, place, "a hook in containers is not carried over", _IN_CONTAINERS))
            continue
        host = item.of_host
        if host is None or not host.command or (host.os and "linux" not in host.os and "darwin" not in host.os):
            continue
        called = kubectl_call(host.command)
        if called is None:
            shown = " ".join(host.command)[:60]
            message = f"devenv runs no commands of this machine: {shown!r} is not carried over"
            notes.append(Note.at(document, place, message, _INSTEAD))
            continue
        name = _name(called, names)
        names.add(name)
        # Skaffold stops where a hook fails; what is written as `… || true` may fail.
        may_fail = _may_fail(host.command)
        yield {"name": name, "kubectl": called, "on_failure": "continue" if may_fail else "fail"}


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


def _name(call: Sequence[str], taken: set[str]) -> str:
    """A noun phrase after what is called, which no other hook has."""
    plain = " ".join(word for word in call[:3] if not word.startswith("-"))
    name, number = f"kubectl {plain}", 1
    while name in taken:
        number += 1
        name = f"kubectl {plain} {number}"
    return name
