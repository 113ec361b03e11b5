"""`devenv compare`: what differs between two profiles, field by field, without an engine or a cluster.

Responsible for finding what belongs together of two renderings; nothing is printed here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devenv.adapters.kubernetes.json_objects import Json
from devenv.runtime.observe.differences import ABSENT, compare
from devenv.spec.imports.note import lines_of
from devenv.spec.workspace import Workspace
from devenv.workflows.access.project import read_project
from devenv.workflows.access.stack_names import require_stacks
from devenv.workflows.offline import offline_inputs
from devenv.workflows.render import render_workspace

_Objects = Mapping[str, Json]
"""By their names."""
PRESENT = "(there)"
"""Stands for an object or a stack that only one of the profiles has."""
_GENERATED = re.compile(r"-[bcdfghkmt24-9]{10}$")
"""What kustomize puts behind the names of ConfigMaps and Secrets that it generates: a hash of what they hold."""


@dataclass(frozen=True, slots=True)
class ProfileDifference:
    """A field that differs between two profiles."""

    stack: str
    object: str
    """Kind, namespace and name; empty for the stack as a whole, `values` for what its charts are given."""
    field: str
    """Its place, as in `spec.replicas`; empty for the object as a whole."""
    one: str
    """What the first profile has, as JSON."""
    other: str


@dataclass(frozen=True, slots=True)
class CompareRequest:
    """What the user asked for."""

    directory: Path
    profiles: tuple[str, str]
    stacks: tuple[str, ...] = ()
    """All that either profile uses where none is named."""
    values: bool = False
    """Whether what charts are given is compared, and not what they make of it."""


def compare_profiles(request: CompareRequest, tell: Callable[[str], None]) -> list[ProfileDifference]:
    """What differs between two profiles, by stack; values of Secrets differ without being shown.

    Args:
        request: what the user asked for.
        tell: hears of what imported files say and is not carried over.

    Raises:
        SpecError: with every problem of the specification.
        UsageError: there is no such profile, or a name is no stack of either.
        ToolMissingError: Helm, kubectl or a module is not on this machine yet.
        CommandFailedError: Helm or kustomize refuses a source.
    """
    workspaces = [read_project(request.directory, profile=profile) for profile in request.profiles]
    for name in request.stacks:
        if not any(name in workspace.selected for workspace in workspaces):
            require_stacks(workspaces[0], [name])
    one, other = (_of_profile(request, workspace, tell) for workspace in workspaces)
    return [
        found
        for stack in (*one, *(name for name in other if name not in one))
        for found in _of_stack(stack, one.get(stack), other.get(stack))
    ]


def _of_profile(request: CompareRequest, workspace: Workspace, tell: Callable[[str], None]) -> dict[str, _Objects]:
    """Stack to its objects by name, in the profile of a workspace."""
    names = [name for name in workspace.selected if not request.stacks or name in request.stacks]
    if not names:
        return {}
    if request.values:
        inputs = offline_inputs(workspace, names)
        return {spec.name: {"values": _without_profile(json.loads(made.values))} for spec, made in inputs}
    for note in lines_of(workspace.notes, workspace.root):
        tell(note)
    return {stack.name: _by_name(stack.objects) for stack in render_workspace(workspace, names, settled=True)}


def _without_profile(values: Json) -> Json:
    """Values without the name of the profile, which is known to differ; with the shape of an object."""
    values.get("global", {}).get("devenv", {}).pop("profile", None)
    return {"metadata": {}, **values}


def _by_name(objects: Iterable[Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for item in objects:
        metadata = item.get("metadata") or {}
        name = _GENERATED.sub("", str(metadata.get("name") or metadata.get("generateName") or ""))
        place = "/".join(filter(None, (metadata.get("namespace"), name)))
        found[f"{item['kind']} {place}"] = item
    return found


def _of_stack(stack: str, one: _Objects | None, other: _Objects | None) -> Iterator[ProfileDifference]:
    if one is None or other is None:
        yield ProfileDifference(stack, "", "", *_presence(one, other))
        return
    for name in (*one, *(name for name in other if name not in one)):
        mine, theirs = one.get(name), other.get(name)
        if mine is None or theirs is None:
            yield ProfileDifference(stack, name, "", *_presence(mine, theirs))
            continue
        for found in compare(mine, theirs):
            yield ProfileDifference(stack, name, *found)


def _presence(one: Any, other: Any) -> Sequence[str]:
    return [ABSENT if each is None else PRESENT for each in (one, other)]
