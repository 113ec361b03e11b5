"""Checks which versions of stacks a project has beside each other, by its `compatibility.yaml`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from devenv.errors import Problem
from devenv.spec.compatibility import KUBERNETES, CompatibilityRule, is_within
from devenv.spec.read.compatibility_files import CompatibilityFile
from devenv.spec.read.drafts import StackDraft
from devenv.spec.read.wording import name_hint
from devenv.spec.versions import Versions
from devenv.spec.yaml.positions import Document, KeyPath


def compatibility_problems(
    files: Iterable[CompatibilityFile],
    selected: Iterable[str],
    drafts: Mapping[str, StackDraft],
    versions: Versions | None,
) -> Iterator[Problem]:
    """Stacks that do not go together, and rules of stacks that do not exist.

    Args:
        files: with the rules.
        selected: names of the stacks that the project has.
        drafts: all that there are.
        versions: the catalogue, for the cluster's own version.
    """
    has = {name: spec.version for name in selected if (spec := drafts[name].spec)}
    if versions:
        has[KUBERNETES] = versions.node.kubernetes
    for file in files:
        for index, rule in enumerate(file.content.rules):
            at: KeyPath = ("rules", index)
            yield from _unknown((*at, "stack"), rule.stack, file.document, drafts)
            for other in rule.goes_with:
                place: KeyPath = (*at, "goes_with", other)
                yield from _unknown(place, other, file.document, {*drafts, KUBERNETES})
                if (
                    rule.stack in has
                    and other in has
                    and (found := _conflict(rule, has[rule.stack], other, has[other]))
                ):
                    yield file.document.problem(place, *found)


def _conflict(rule: CompatibilityRule, own: str, other: str, found: str) -> tuple[str, str] | None:
    """What is wrong with two stacks of these versions beside each other, and what to do."""
    wanted = rule.goes_with[other]
    try:
        if not is_within(own, rule.versions) or is_within(found, wanted):
            return None
    except ValueError as error:
        return f"{rule.stack} and {other} cannot be compared: {error}", "a version is written as 1.2.3"
    reason = f" ({rule.because})" if rule.because else ""
    message = f"{rule.stack} {own} goes with {other} {wanted}, and {other} is {found}{reason}"
    return message, f"choose another version of {other} or of {rule.stack}"


def _unknown(at: KeyPath, name: str, document: Document, known: Collection[str]) -> Iterator[Problem]:
    if name not in known:
        yield document.problem(at, f"there is no stack {name}", name_hint(name, known, "stacks"))
