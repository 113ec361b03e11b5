"""Which reference of an image is used, and the steps that bring it into the engine.

Pure: (descriptions, what is there, which registries answer) -> references and steps. An image that is there
is taken; else upstream's when its registry answers; else it is made, and only then its bases are looked at. What the
project has locked is upstream's with that digest, unless recipes are asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from devenv.errors import ImageError
from devenv.plan.image import Assembly, Bootstrap, Image, Mode, Recipe
from devenv.plan.observed import ObservedImages
from devenv.plan.steps import AssembleNodeImage, BootstrapImage, BuildImage, PullImage, image_key, tool_key
from devenv.spec.image_reference import Reference, registry_of
from devenv.spec.needs import order
from devenv.spec.workspace import LOCK_FILE

Origin = Literal["present", "pull", "build", "bootstrap", "assemble"]
ProvidingStep = PullImage | BuildImage | BootstrapImage | AssembleNodeImage
Provision = tuple[ProvidingStep, frozenset[str]]
"""A step that brings an image into the engine, and the keys of the steps that it needs."""
BUILDX = "buildx"
"""The program that builds images."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The reference of an image that is used, and how it comes about."""

    reference: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Provisions:
    """How images come into the engine."""

    steps: tuple[Provision, ...]
    """Each after those that it needs; none for images that are there."""
    references: Mapping[str, str]
    """Of the images and of what those are made from that are not there."""


def usable(image: Image, mode: Mode) -> tuple[str, ...]:
    """The references by which an image may be used, the one first that goes before the other."""
    upstream = image.upstream if mode != "recipes" else None
    own = None if upstream and (mode == "upstream" or image.locked) else image.own
    return tuple(reference for reference in (upstream, own) if reference)


def choose(
    image: Image,
    mode: Mode,
    present: AbstractSet[str],
    registries: Mapping[str, bool],
    refused: Collection[str] = (),
) -> Choice:
    """The reference of an image to use.

    Args:
        image: its description.
        mode: `upstream` never makes what upstream publishes, `recipes` never pulls.
        present: references that are there already.
        registries: whether each registry answers; one that is not named counts as out of reach.
        refused: names of images that their registries do not give, and that can be made.

    Raises:
        ImageError: it can be had from nowhere in this mode.
    """
    references = usable(image, mode)
    for reference in references:
        if reference in present:
            return Choice(reference, "present")
    answers = bool(image.source) and registries.get(registry_of(str(image.source)), False)
    if image.upstream in references and answers and image.name not in refused:
        return Choice(image.upstream, "pull")
    if image.own in references:
        return Choice(image.own, _making(image))
    raise _nowhere(image, mode)


def choose_references(
    images: ObservedImages, names: Iterable[str], mode: Mode, on_nodes: AbstractSet[str]
) -> dict[str, str]:
    """The reference of each image: what the nodes run already goes before what the engine has.

    Raises:
        ImageError: one of them can be had from nowhere in this mode.
    """
    found: dict[str, str] = {}
    for name in names:
        image = images.described[name]
        there = on_nodes & frozenset(usable(image, mode)) or images.in_engine
        found[name] = choose(image, mode, there, images.registries, images.refused).reference
    return found


def registries_to_ask(
    images: Mapping[str, Image], names: Iterable[str], mode: Mode, present: AbstractSet[str]
) -> frozenset[str]:
    """The registries whose being there decides between references; empty when all images are there."""
    asked: set[str] = set()
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        image = images[name]
        if name in seen or mode == "recipes" or present & frozenset(usable(image, mode)):
            continue
        seen.add(name)
        if image.source:
            asked.add(registry_of(image.source))
        waiting.extend(image.needs)
    return frozenset(asked)


def substitutions(images: ObservedImages, made: Iterable[str]) -> list[str]:
    """Why images are made that upstream publishes, in words; `made` are the names of all that are made."""
    silent: defaultdict[str, list[str]] = defaultdict(list)
    words = []
    for name in made:
        source = images.described[name].source if name in images.described else None
        if source and name in images.refused:
            words.append(f"image {name} is made by its recipe: {images.refused[name]}")
        elif source and images.registries.get(registry_of(source)) is False:
            silent[registry_of(source)].append(name)
    return [
        *(f"{host} does not answer, so recipes make {', '.join(names)}" for host, names in silent.items()),
        *words,
    ]


def provision_images(
    images: ObservedImages, names: Iterable[str], mode: Mode, chosen: Mapping[str, str] | None = None
) -> Provisions:
    """How images come into the engine.

    Args:
        images: all that are wanted and what those are made from.
        names: the images that are wanted.
        mode: as in `choose`.
        chosen: references that have been decided already (because charts carry them), by name.

    Raises:
        ImageError: one of them can be had from nowhere in this mode.
    """
    choices = _choices(images, names, mode, chosen or {})
    made = order({name: [need for need in images.described[name].needs if need in choices] for name in choices})
    references = {name: choice.reference for name, choice in choices.items()}
    steps = [_step(images.described[name], choices[name], references, mode) for name in made]
    return Provisions(tuple(step for step in steps if step), references)


def _choices(images: ObservedImages, names: Iterable[str], mode: Mode, chosen: Mapping[str, str]) -> dict[str, Choice]:
    """From wanted images down to what those are made from that are made."""
    found: dict[str, Choice] = {}
    waiting: list[tuple[str, Mode]] = [(name, mode) for name in names]
    while waiting:
        name, wanted = waiting.pop()
        if name in found:
            continue
        image = images.described[name]
        if decided := chosen.get(name):
            choice = Choice(decided, _origin(image, decided, images.in_engine))
        else:
            choice = choose(image, wanted, images.in_engine, images.registries, images.refused)
        found[name] = choice
        if choice.origin in ("build", "assemble"):
            # Upstream's node images bring system images of their own, so a node's base is always the recipe's.
            base = image.origin.base if isinstance(image.origin, Assembly) else ""
            waiting += [(need, "recipes" if need == base else mode) for need in image.needs]
    return found


def _origin(image: Image, reference: str, present: AbstractSet[str]) -> Origin:
    if reference in present:
        return "present"
    return "pull" if reference == image.upstream else _making(image)


def _step(image: Image, choice: Choice, references: Mapping[str, str], mode: Mode) -> Provision | None:
    """The step for an image, None where it is there; `references` are those of what it is made from."""
    if choice.origin == "present":
        return None
    if choice.origin == "pull":
        mirrored = _with_digest(image.mirrored, image.digest) if image.mirrored else ""
        advised = bool(image.digest) and not image.locked
        pinned, replaceable = _with_digest(choice.reference, image.digest), image.own in usable(image, mode)
        return PullImage(image.name, pinned, mirrored, advised, replaceable), frozenset()
    before = frozenset(image_key(name) for name in image.needs)
    match image.origin:
        case Bootstrap(suite=suite):
            return BootstrapImage(image.name, choice.reference, suite), before
        case Recipe() as recipe:
            build = BuildImage(
                image.name,
                choice.reference,
                recipe.dockerfile,
                recipe.context,
                recipe.target,
                (*recipe.args, *((argument, references[name]) for argument, name in recipe.bases)),
                recipe.network,
                recipe.shipped,
                image.content,
                recipe.secrets,
                recipe.ssh,
                recipe.host,
                recipe.after,
            )
            return build, before if recipe.host else before | {tool_key(BUILDX)}
        case Assembly(base=base, system=system):
            inside = tuple((reference, references[name]) for reference, name in system)
            return AssembleNodeImage(image.name, choice.reference, references[base], inside), before
    raise AssertionError(f"{image.name} has no recipe, and was chosen to be made")


def _making(image: Image) -> Origin:
    match image.origin:
        case Bootstrap():
            return "bootstrap"
        case Assembly():
            return "assemble"
        case _:
            return "build"


def _with_digest(reference: str, digest: str | None) -> str:
    return f"{reference}@{digest}" if digest and not Reference.parse(reference).digest else reference


def _nowhere(image: Image, mode: Mode) -> ImageError:
    if not (image.upstream and image.source):
        return ImageError(f"image {image.name} has neither an upstream nor a recipe")
    if mode == "recipes":
        return ImageError(
            f"image {image.name} has no recipe: it can only be pulled, as {image.upstream}",
            hint="devenv up --images auto",
        )
    registry = registry_of(image.source)
    if image.locked:
        return ImageError(
            f"image {image.name} is locked to a digest that is not here, and {registry} does not answer",
            context={"reference": _with_digest(image.source, image.digest), "locked by": image.locked},
            hint=f"see that {registry} can be reached"
            + (", use what the recipe makes: devenv up --images recipes," if image.own else "")
            + f" or remove that line of {LOCK_FILE}",
        )
    built = image.own is not None
    return ImageError(
        f"image {image.name} cannot be pulled: {registry} does not answer",
        context={"reference": image.source},
        hint="devenv up --images auto" if built else f"see that {registry} can be reached: there is no recipe",
    )
