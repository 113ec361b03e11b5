"""What removes a stack that the specification no longer names. Pure.

Apart from how such stacks are found, which `devenv status` does too: it plans nothing, and steps take long to load.
"""

from __future__ import annotations

from collections.abc import Collection

from devenv.adapters.kubernetes.cluster import Recorded
from devenv.plan.steps import UninstallStack
from devenv.runtime.observe.cluster import ClusterFacts

_CLAIMS = "persistentvolumeclaims"
_STAYING = ("namespaces", "customresourcedefinitions")
"""Kinds with which everything that is of them would go, whoever made it."""


def uninstalling(name: str, facts: ClusterFacts, known: Collection[str], *, keep_data: bool) -> UninstallStack:
    """The step that removes such a stack.

    Args:
        name: the stack.
        facts: what there is of it, and of others.
        known: the stacks that stay; what one of them has applied as well stays with it.
        keep_data: whether the claims of its StatefulSets stay.
    """
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
