"""Profiles of a Skaffold configuration: which are active, and what the configuration is with them.

Responsible for one configuration, whose lines it keeps. Source of the rules: `pkg/skaffold/schema/profiles.go`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from devenv.errors import Problem
from devenv.spec.imports.skaffold.file.config import PIPELINE, Activation, Config, Profile
from devenv.spec.imports.skaffold.file.patches import PatchError, patched
from devenv.spec.yaml.positions import Document, KeyPath, Node

COMMAND = "dev"
"""What devenv counts as where a profile is for one of Skaffold's commands."""
_STRUCTS: Mapping[str, tuple[str, ...]] = {
    "build": ("hooks",),
    "manifests": ("hooks",),
    "deploy": ("logs",),
    "resourceSelector": (),
}
"""Parts of a pipeline of which a profile replaces key by key, with those of their keys of which it does so too; of all
else it replaces the whole."""
_BUILDERS = ("local", "googleCloudBuild", "cluster")
"""Of which a configuration has one."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What activations are compared with."""

    environ: Mapping[str, str]
    kube_context: str
    command: str = COMMAND


def active(config: Config, named: Sequence[str], around: Surroundings) -> tuple[str, ...]:
    """The names of the profiles that count, in the order in which they are applied.

    Args:
        config: the configuration.
        named: those asked for; `-name` takes one away.
        around: what activations are compared with.
    """
    found = [profile.name for profile in config.profiles if _is_activated(profile, around)]
    known = {profile.name for profile in config.profiles}
    for name in named:
        if name.startswith("-"):
            found = [each for each in found if each != name[1:]]
        elif name in known and name not in found:
            found.append(name)
    return tuple(found)


def applied(document: Document, config: Config, names: Sequence[str]) -> tuple[Document, list[Problem]]:
    """The document with profiles applied, and what of them does not fit it."""
    root, problems = document.root, list[Problem]()
    for name in names:
        index = next(i for i, profile in enumerate(config.profiles) if profile.name == name)
        written = document.find(("profiles", index))
        if written is None:
            continue
        root = _overlaid(root, written)
        for number, patch in enumerate(config.profiles[index].patches):
            at: KeyPath = ("profiles", index, "patches", number)
            value = document.find((*at, "value"))
            try:
                root = patched(root, patch.op, patch.path, value, patch.from_)
            except PatchError as error:
                hint = "with op: add the last part of the path may be new" if patch.op == "replace" else ""
                problems.append(document.problem((*at, "path"), str(error), hint))
    return replace(document, root=root), problems


def _overlaid(root: Node, profile: Node) -> Node:
    entries = dict(root.value) if isinstance(root.value, Mapping) else {}
    for key in PIPELINE:
        over = profile.child(key)
        if over is None or over.value in (None, [], {}):
            continue
        entries[key] = _joined(entries.get(key), over, key) if key in _STRUCTS else over
    return replace(root, value=entries)


def _joined(under: Node | None, over: Node, key: str) -> Node:
    if under is None or not isinstance(under.value, Mapping) or not isinstance(over.value, Mapping):
        return over
    own = dict(under.value)
    if key == "build" and any(builder in over.value for builder in _BUILDERS):
        own = {name: node for name, node in own.items() if name not in _BUILDERS}
    for name, node in over.value.items():
        if node.value in (None, [], {}, "", 0) and not isinstance(node.value, bool):
            continue  # Go leaves out what is zero
        own[name] = _merged(own.get(name), node) if name in _STRUCTS.get(key, ()) else node
    return replace(under, value=own)


def _merged(under: Node | None, over: Node) -> Node:
    if under is None or not isinstance(under.value, Mapping) or not isinstance(over.value, Mapping):
        return over
    return replace(under, value={**under.value, **over.value})


def _is_activated(profile: Profile, around: Surroundings) -> bool:
    holding = [_holds(activation, around) for activation in profile.activation]
    return bool(holding) and (all(holding) if profile.requires_all_activations else any(holding))


def _holds(activation: Activation, around: Surroundings) -> bool:
    env = True
    if activation.env:
        key, _, pattern = activation.env.partition("=")
        value = around.environ.get(key, "")
        env = _fits(pattern, value) if pattern else not value
    command = activation.command is None or _fits(activation.command, around.command)
    context = activation.kube_context is None or _fits(activation.kube_context, around.kube_context)
    return env and command and context


def _fits(pattern: str, value: str) -> bool:
    """Source: `RegexEqual` of Skaffold; a pattern that is none is compared as a text."""
    if pattern.startswith("!"):
        return not _fits(pattern[1:], value)
    try:
        return pattern == value or re.search(pattern, value) is not None
    except re.error:
        return False
