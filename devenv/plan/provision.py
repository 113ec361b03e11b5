"""Which reference of an image is used, and the steps that bring it into the engine.

Pure: (descriptions, what is there, which registries answer) -> references and steps. An image that is there
is taken; else upstream's when its registry answers; else it is made, and only then its bases are looked at. What the
project has locked is upstream's with that digest, unless recipes are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from devenv.errors import ImageError
from devenv.plan.image import Assembly, Bootstrap, Image, Mode, Recipe
from devenv.plan.observed import ObservedImages
from devenv.plan.steps import AssembleNodeImage, BootstrapImage, BuildImage, PullImage
from devenv.spec.image_reference import Reference, registry_of
from devenv.spec.needs import order
from devenv.spec.workspace import LOCK_FILE

Origin = Literal["present", "pull", "build", "bootstrap", "assemble"]
ProvidingStep = PullImage | BuildImage | BootstrapImage | AssembleNodeImage
Provision = tuple[ProvidingStep, frozenset[str]]
"""A step that brings an image into the engine, and the keys of the steps that it needs."""
_BUILDX = "tool/buildx"


@dataclass(frozen=True, slots=True)
class Choice:
    """The reference of an image that is used, and how it comes about."""

    reference: str
    origin: Origin


def choose(image: Image, mode: Mode, present: AbstractSet[str], registries: Mapping[str, bool]) -> Choice:
    """The reference of an image to use.

    Args:
        image: its description.
        mode: `upstream` never makes what upstream publishes, `recipes` never pulls.
        present: references that are there already.
        registries: whether each registry answers; one that is not named counts as out of reach.

    Raises:
        ImageError: it can be had from nowhere in this mode.
    """
    references = image.usable(mode)
    for reference in references:
        if reference in present:
            return Choice(reference, "present")
    if image.upstream in references and image.source and registries.get(registry_of(image.source), False):
        return Choice(image.upstream, "pull")
    if image.own in references:
        return Choice(image.own, _making(image))
    raise _nowhere(image, mode)


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
        if name in seen or mode == "recipes" or present & frozenset(image.usable(mode)):
            continue
        seen.add(name)
        if image.source:
            asked.add(registry_of(image.source))
        waiting.extend(image.needs)
    return frozenset(asked)


def provide_steps(
    images: ObservedImages, names: Iterable[str], mode: Mode, chosen: Mapping[str, str] | None = None
) -> list[Provision]:
    """Steps that bring images into the engine, each after those that it needs; none for those that are there.

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
    return [
        _provision(images.described[name], choices[name], references)
        for name in made
        if choices[name].origin != "present"
    ]


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
            choice = choose(image, wanted, images.in_engine, images.registries)
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


def _provision(image: Image, choice: Choice, references: Mapping[str, str]) -> Provision:
    """The step for an image that is not there; `references` are those of what it is made from."""
    if choice.origin == "pull":
        mirrored = _with_digest(image.mirrored, image.digest) if image.mirrored else ""
        return PullImage(image.name, _with_digest(choice.reference, image.digest), mirrored), frozenset()
    before = frozenset(f"image/{name}" for name in image.needs)
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
            )
            return build, before | {_BUILDX}
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
