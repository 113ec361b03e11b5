"""Which references of images the engine has, as far as they may be used.

A reference that a digest pins counts as there only where the engine's image has that digest: a tag may have moved
since, or somebody may have built something under that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from devenv.adapters.docker import Engine
from devenv.images.catalogue.catalogue import Catalogue, ImagePlan


def present_references(engine: Engine, images: Iterable[ImagePlan]) -> frozenset[str]:
    """Those references of images, upstream's and devenv's own, under which the engine has what they stand for."""
    plans = list(images)
    pinned = {plan.upstream: plan.pinned for plan in plans if plan.upstream and plan.pinned}
    wanted = {reference for plan in plans for reference in (plan.upstream, plan.own) if reference}
    ids = engine.images.ids([*wanted, *pinned.values()])
    return frozenset(
        reference
        for reference in wanted & ids.keys()
        if reference not in pinned or ids.get(pinned[reference]) == ids[reference]
    )


def with_makings(catalogue: Catalogue, names: Sequence[str]) -> Iterator[ImagePlan]:
    """Images, and what they are made from."""
    for name in names:
        yield catalogue[name]
        yield from with_makings(catalogue, catalogue[name].needs)
