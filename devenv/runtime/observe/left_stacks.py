"""What is in the cluster of stacks that the specification no longer names. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from devenv.runtime.observe.cluster import ClusterFacts


def left_stacks(facts: ClusterFacts, known: Collection[str]) -> tuple[str, ...]:
    """The stacks that there is something of, and that are none of those which are known; sorted."""
    installed = {*facts.records, *(release.stack for release in facts.releases if release.stack)}
    return tuple(sorted(installed.difference(known)))


def no_longer_named(stacks: Sequence[str]) -> str:
    """What is said of them."""
    return f"{', '.join(stacks)} {'is' if len(stacks) == 1 else 'are'} in the cluster and no longer in devenv.yaml"
