"""What is in the cluster of stacks that the specification no longer names. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from devenv.adapters.kubernetes.cluster import Recorded
from devenv.runtime.observe.cluster import ClusterFacts

if TYPE_CHECKING:
    from devenv.plan.steps import UninstallStack

_CLAIMS = "persistentvolumeclaims"
_STAYING = ("namespaces", "customresourcedefinitions")
"""Kinds with which everything that is of them would go, whoever made it."""


def left_stacks(facts: ClusterFacts, known: Collection[str]) -> tuple[str, ...]:
    """The stacks that there is something of, and that are none of those which are known; sorted."""
    installed = {*facts.records, *(release.stack for release in facts.releases if release.stack)}
    return tuple(sorted(installed.difference(known)))


def no_longer_named(stacks: Sequence[str]) -> str:
    """What is said of them."""
    return f"{', '.join(stacks)} {'is' if len(stacks) == 1 else 'are'} in the cluster and no longer in devenv.yaml"


def uninstalling(name: str, facts: ClusterFacts, known: Collection[str], *, keep_data: bool) -> UninstallStack:
    """The step that removes such a stack.

    Args:
        name: the stack.
        facts: what there is of it, and of others.
        known: the stacks that stay; what one of them has applied as well stays with it.
        keep_data: whether the claims of its StatefulSets stay.
    """
    # Steps take long to load, and `devenv status` removes nothing.
    from devenv.plan.steps import UninstallStack  # noqa: PLC0415

    recorded = facts.records.get(name, Recorded(""))
    staying = {pair for stack, of in facts.records.items() if stack in known for pair in _objects(of)}
    objects = [(path, key) for path, key in _objects(recorded) if (path, key) not in staying]
    # Those that the chart itself has made go with its release, whatever is asked for.
    claims = {key for path, key in objects if path.endswith(_CLAIMS)} | (set() if keep_data else {*recorded.claims})
    return UninstallStack(
        name,
        tuple(sorted({*recorded.releases, *(release.key for release in facts.releases if release.stack == name)})),
        tuple((path, key) for path, key in objects if not path.endswith((_CLAIMS, *_STAYING))),
        tuple(sorted(claims)),
    )


def _objects(recorded: Recorded) -> list[tuple[str, str]]:
    """Path of the kind and key; those that were applied last come first."""
    return [(path, key) for path, marks in reversed(list((recorded.objects or {}).items())) for key in marks]
