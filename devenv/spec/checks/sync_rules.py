"""Checks of `sync`: what of a build's context goes into containers without a build."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.read.places import Boundary, Kind, PathProblem
from devenv.spec.sync_rule import SyncRule
from devenv.spec.yaml.positions import Document, KeyPath

SUPERVISOR = "supervisor"
"""The image by whose program the chart `service` starts what can be started anew."""


def sync_problems(
    at: KeyPath, rules: Sequence[SyncRule], document: Document, context: Path, *, supervised: bool
) -> Iterator[Problem]:
    """Rules for what is not in the context, for what another rule is for already, and that restart what cannot be.

    `supervised` is whether the chart starts programs so that they can be started anew.
    """
    boundary = Boundary(context, "the build's context")
    for index, rule in enumerate(rules):
        path: KeyPath = (*at, index, "from")
        if rule.restart and not supervised:
            message = "a program is started anew in services of devenv.yaml alone"
            hint = "use a reloader of the framework's, or say it at a service with build and command"
            yield document.problem((*at, index, "restart"), message, hint)
        place = boundary.look(context, str(rule.folder) if rule.is_pattern else rule.source, _kind(rule))
        if isinstance(place, PathProblem):
            hint = place.hint.replace("relative to the file", "relative to the context")
            yield document.problem(path, place.message, hint)
            continue
        for other in rules[:index]:
            if rule.normal_source == other.normal_source:
                yield document.problem(path, f"another rule syncs {rule.source} already", "keep one of the two")
            elif _holds(other, rule) or _holds(rule, other):
                outer, inner = (other, rule) if _holds(other, rule) else (rule, other)
                message = f"{inner.source} is synced by the rule for {outer.source} already"
                yield document.problem(path, message, "have rules for what does not lie in each other")


def _kind(rule: SyncRule) -> Kind:
    return "folder" if rule.is_pattern else "file or folder"


def _holds(outer: SyncRule, inner: SyncRule) -> bool:
    """Whether all that one rule is for lies in what another one is for; of two patterns that is not known."""
    return not outer.is_pattern and inner.folder.is_relative_to(outer.folder)
