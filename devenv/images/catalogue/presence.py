"""What there is of images: which references the engine has, and which registries answer for those that it lacks.

A reference that a digest pins counts as there only where the engine's image has that digest: a tag may have moved
since, or somebody may have built something under that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from devenv.adapters.docker import Engine
from devenv.images.catalogue.registries import Registries
from devenv.plan.image import Image, Mode
from devenv.plan.observed import ObservedImages
from devenv.plan.provision import registries_to_ask


def observe_images(
    engine: Engine,
    described: Mapping[str, Image],
    names: Iterable[str],
    mode: Mode,
    *,
    elsewhere: AbstractSet[str] = frozenset(),
) -> ObservedImages:
    """Look for images and for what they are made from; a registry is asked only where that decides something.

    Args:
        engine: is asked once.
        described: all of them.
        names: those that are wanted.
        mode: where they may come from.
        elsewhere: references that are where they are wanted already.
    """
    there = present_references(engine, described.values())
    asked = registries_to_ask(described, names, mode, there | elsewhere)
    return ObservedImages(described, there, Registries(engine).answering(asked))


def present_references(engine: Engine, images: Iterable[Image]) -> frozenset[str]:
    """Those references of images, upstream's and devenv's own, under which the engine has what they stand for."""
    listed = list(images)
    pinned = {image.upstream: image.pinned for image in listed if image.upstream and image.digest}
    wanted = {reference for image in listed for reference in (image.upstream, image.own) if reference}
    ids = engine.images.ids([*wanted, *(name for names in pinned.values() for name in names)])
    return frozenset(
        reference
        for reference in wanted & ids.keys()
        if reference not in pinned or ids[reference] in {ids.get(name) for name in pinned[reference]}
    )
