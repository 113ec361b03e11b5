"""What there is of images: which references the engine has, and which registries answer for those that it lacks.

A reference that a digest pins counts as there only where the engine's image has that digest: a tag may have moved
since, or somebody may have built something under that name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType

from devenv.adapters.docker import Engine
from devenv.errors import DevenvError, RegistryError
from devenv.images.catalogue.registries import PATIENCE, Registries
from devenv.plan.image import Image, Mode
from devenv.plan.observed import ObservedImages
from devenv.plan.provision import registries_to_ask, usable
from devenv.spec.image_reference import registry_of

_AT_ONCE = 4
"""Registries count requests; four make quick work of ten images."""


def observe_images(
    engine: Engine,
    described: Mapping[str, Image],
    names: Iterable[str],
    mode: Mode,
    *,
    elsewhere: AbstractSet[str] = frozenset(),
    given_up: Mapping[str, str] = MappingProxyType({}),
) -> ObservedImages:
    """Look for images and for what they are made from; a registry is asked only where that decides something.

    Args:
        engine: is asked once.
        described: all of them.
        names: those that are wanted.
        mode: where they may come from.
        elsewhere: references that are where they are wanted already.
        given_up: images that this run could not pull, with the reason, of those alone that recipes make as well.
    """
    names = list(names)
    there = present_references(engine, described.values())
    asked = registries_to_ask(described, names, mode, there | elsewhere)
    registries = Registries(engine) if mode == "auto" else Registries(engine, seconds=PATIENCE)
    answering = registries.answering(asked)
    lacking = [name for name in names if not (there | elsewhere) & frozenset(usable(described[name], mode))]
    ask = engine.images.registry_digest
    refused = refusals(described, lacking, answering, ask, given_up=given_up) if mode == "auto" else {}
    return ObservedImages(described, there, answering, refused)


def refusals(
    described: Mapping[str, Image],
    lacking: Iterable[str],
    answering: Mapping[str, bool],
    ask: Callable[[str], str],
    *,
    given_up: Mapping[str, str] = MappingProxyType({}),
) -> Mapping[str, str]:
    """Why registries that answer do not give images which can be made as well, by image.

    Those are asked for that are wanted, and for each that is to be made the images that it is made from.

    Args:
        described: all images.
        lacking: names of those that are wanted and not there.
        answering: whether each registry answers.
        ask: tells the digest of a reference, or raises RegistryError.
        given_up: those of which it is known already, with the reason: they are not asked for.
    """
    refused = dict(given_up)
    seen: set[str] = set()
    waiting = set(lacking)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ask for images") as pool:
        while waiting:
            seen |= waiting
            images = [described[name] for name in sorted(waiting)]
            pulled = [image for image in images if image.source and answering.get(registry_of(image.source))]
            replaceable = [i for i in pulled if i.own and not i.locked and i.name not in refused]
            answers = pool.map(lambda image: _refusal(str(image.source), ask), replaceable)
            refused |= {image.name: why for image, why in zip(replaceable, answers, strict=True) if why}
            made = [image for image in images if image not in pulled or image.name in refused]
            waiting = {need for image in made for need in image.needs} - seen
    return refused


def _refusal(reference: str, ask: Callable[[str], str]) -> str:
    """Why a registry does not give an image; empty where it does, or may do so in a moment."""
    try:
        ask(reference)
    except RegistryError as error:
        return reason_of(error) if error.again_after is None else ""
    return ""


def reason_of(error: DevenvError) -> str:
    """Why an image was not to be had, without what was asked for."""
    return error.message.partition(": ")[2] or error.message


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
