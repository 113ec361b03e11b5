"""Which reference of an image is used, and the steps that bring it into the engine.

Pure: (descriptions, what is there, which registries answer) -> references and steps. An image that is there
is taken; else upstream's when its registry answers; else it is made, and only then its bases are looked at. What the
project has locked is upstream's with that digest, unless recipes are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from devenv.errors import ImageError
from devenv.images.catalogue.catalogue import Assembly, Bootstrap, Catalogue, ImagePlan, Recipe
from devenv.plan.steps import AssembleNodeImage, BootstrapImage, BuildImage, PullImage, Step
from devenv.spec.image_reference import Reference, registry_of
from devenv.spec.lock import LOCK_FILE

Mode = Literal["auto", "upstream", "recipes"]
Origin = Literal["present", "pull", "build", "bootstrap", "assemble"]
_BUILDX = "tool/buildx"


@dataclass(frozen=True, slots=True)
class Choice:
    """The reference of an image that is used, and how it comes about."""

    reference: str
    origin: Origin


def usable(image: ImagePlan, mode: Mode) -> tuple[str, ...]:
    """The references by which an image may be used, the one first that goes before the other."""
    upstream = image.upstream if mode != "recipes" else None
    own = None if upstream and (mode == "upstream" or image.locked) else image.own
    return tuple(reference for reference in (upstream, own) if reference)


def choose(image: ImagePlan, mode: Mode, present: AbstractSet[str], registries: Mapping[str, bool]) -> Choice:
    """The reference of an image to use.

    Args:
        image: its description.
        mode: `upstream` never makes what upstream publishes, `recipes` never pulls.
        present: references that are there already.
        registries: whether each registry answers; one that is not named counts as out of reach.

    Raises:
        ImageError: it can be had from nowhere in this mode.
    """
    references = usable(image, mode)
    for reference in references:
        if reference in present:
            return Choice(reference, "present")
    if image.upstream in references and registries.get(registry_of(image.upstream), False):
        return Choice(image.upstream, "pull")
    if image.own in references:
        return Choice(image.own, _making(image))
    raise _nowhere(image, mode)


def registries_to_ask(
    catalogue: Catalogue, names: Iterable[str], mode: Mode, present: AbstractSet[str]
) -> frozenset[str]:
    """The registries whose being there decides between references; empty when all images are there."""
    asked: set[str] = set()
    seen: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        image = catalogue[name]
        if name in seen or mode == "recipes" or present & frozenset(usable(image, mode)):
            continue
        seen.add(name)
        if image.upstream:
            asked.add(registry_of(image.upstream))
        waiting.extend(image.needs)
    return frozenset(asked)


def provide_steps(
    catalogue: Catalogue,
    names: Sequence[str],
    mode: Mode,
    present: AbstractSet[str],
    registries: Mapping[str, bool],
    *,
    chosen: Mapping[str, str] | None = None,
) -> list[tuple[Step, frozenset[str]]]:
    """Steps that bring images into the engine, each after those that it needs.

    Args:
        catalogue: all images.
        names: the images that are wanted.
        mode: as in `choose`.
        present: references in the engine.
        registries: as in `choose`.
        chosen: references that have been decided already (because charts carry them), by name.

    Raises:
        ImageError: one of them can be had from nowhere in this mode.
    """
    provider = _Provider(catalogue, mode, present, registries, chosen or {})
    for name in names:
        provider.add(name)
    return provider.steps


def tool_steps(
    catalogue: Catalogue,
    tool: str,
    mode: Mode,
    present: AbstractSet[str],
    registries: Mapping[str, bool],
) -> list[tuple[Step, frozenset[str]]]:
    """Steps that end with the image that holds a program for the host; none when that image is there."""
    provider = _Provider(catalogue, mode, present, registries, {})
    provider.add_image(catalogue.tool(tool), mode)
    return provider.steps


class _Provider:
    """Walks from wanted images down to what they are made from."""

    def __init__(
        self,
        catalogue: Catalogue,
        mode: Mode,
        present: AbstractSet[str],
        registries: Mapping[str, bool],
        chosen: Mapping[str, str],
    ) -> None:
        self.steps: list[tuple[Step, frozenset[str]]] = []
        self._catalogue = catalogue
        self._mode: Mode = mode
        self._present = present
        self._registries = registries
        self._chosen = chosen
        self._references: dict[str, str] = {}

    def add(self, name: str, mode: Mode | None = None) -> str:
        """Add what brings an image into the engine; returns its reference."""
        if name not in self._references:
            self._references[name] = self.add_image(self._catalogue[name], mode or self._mode)
        return self._references[name]

    def add_image(self, image: ImagePlan, mode: Mode) -> str:
        """Add what brings a described image into the engine; returns its reference."""
        choice = self._choose(image, mode)
        step, needs = self._step(image, choice)
        if step:
            self.steps.append((step, frozenset(needs)))
        return choice.reference

    def _choose(self, image: ImagePlan, mode: Mode) -> Choice:
        reference = self._chosen.get(image.name)
        if reference is None:
            return choose(image, mode, self._present, self._registries)
        if reference in self._present:
            return Choice(reference, "present")
        return Choice(reference, "pull" if reference == image.upstream else _making(image))

    def _step(self, image: ImagePlan, choice: Choice) -> tuple[Step | None, set[str]]:
        if choice.origin == "present":
            return None, set()
        if choice.origin == "pull":
            return PullImage(image.name, _pinned(choice.reference, image.digest)), set()
        match image.origin:
            case Bootstrap(suite=suite):
                return BootstrapImage(image.name, choice.reference, suite), set()
            case Recipe() as recipe:
                bases = tuple((argument, self.add(name)) for argument, name in recipe.bases)
                step = BuildImage(
                    image.name,
                    choice.reference,
                    recipe.dockerfile,
                    recipe.context,
                    recipe.target,
                    (*recipe.args, *bases),
                    recipe.network,
                    recipe.shipped,
                )
                return step, {_BUILDX, *(f"image/{name}" for name in image.needs)}
            case Assembly(base=base, system=system):
                # Upstream's node images bring system images of their own, so the base is always the recipe's.
                inside = tuple((reference, self.add(name)) for reference, name in system)
                assemble = AssembleNodeImage(image.name, choice.reference, self.add(base, "recipes"), inside)
                return assemble, {f"image/{name}" for name in image.needs}
        raise AssertionError(f"{image.name} has no recipe, and was chosen to be made")


def _making(image: ImagePlan) -> Origin:
    match image.origin:
        case Bootstrap():
            return "bootstrap"
        case Assembly():
            return "assemble"
        case _:
            return "build"


def _pinned(reference: str, digest: str | None) -> str:
    return f"{reference}@{digest}" if digest and not Reference.parse(reference).digest else reference


def _nowhere(image: ImagePlan, mode: Mode) -> ImageError:
    if not image.upstream:
        return ImageError(f"image {image.name} has neither an upstream nor a recipe")
    if mode == "recipes":
        return ImageError(
            f"image {image.name} has no recipe: it can only be pulled, as {image.upstream}",
            hint="devenv up --images auto",
        )
    registry = registry_of(image.upstream)
    if image.locked:
        return ImageError(
            f"image {image.name} is locked to a digest that is not here, and {registry} does not answer",
            context={"reference": _pinned(image.upstream, image.digest), "locked by": image.locked},
            hint=f"see that {registry} can be reached"
            + (", use what the recipe makes: devenv up --images recipes," if image.own else "")
            + f" or remove that line of {LOCK_FILE}",
        )
    built = image.own is not None
    return ImageError(
        f"image {image.name} cannot be pulled: {registry} does not answer",
        context={"reference": image.upstream},
        hint="devenv up --images auto" if built else f"see that {registry} can be reached: there is no recipe",
    )
