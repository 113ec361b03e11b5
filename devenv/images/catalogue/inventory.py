"""What the engine's images are to devenv: which it needs, which it made once and needs no more.

Responsible for telling them apart. Pure: what is stored, current and used is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from devenv.adapters.docker.stored_images import StoredImage
from devenv.errors import ImageError
from devenv.images.catalogue.catalogue import OWN_REPOSITORY, Catalogue
from devenv.plan.image import Assembly, Bootstrap, Image
from devenv.spec.image_reference import normalise

Kind = Literal["project", "catalogue", "tool", "other"]
Origin = Literal["pulled", "built", "bootstrapped", "assembled"]
State = Literal["in use", "current", "unknown", "old"]
_TOOL = "tool-"


@dataclass(frozen=True, slots=True)
class Usage:
    """Who needs images, all over the engine."""

    references: frozenset[str]
    """Full references that objects of devenv's clusters name."""
    containers: frozenset[str]
    """IDs of the images that containers are made of: nodes, above all."""
    unknown: tuple[str, ...] = ()
    """Clusters that could not be asked. While there are any, no image that has a name counts as old."""


@dataclass(frozen=True, slots=True)
class ListedImage:
    """One name of an image in the engine; a dangling image has none."""

    name: str
    """In devenv.yaml or the catalogue; the last part of its repository for one that is in neither (any more)."""
    kind: Kind
    reference: str
    """Empty for a dangling image."""
    id: str
    origin: Origin
    size: int
    created: int
    state: State
    """`in use` by a cluster or container, else `current` when the specification or a recipe names it, else `old`;
    `unknown` where a cluster cannot be asked."""
    nodes: tuple[str, ...] = ()
    """Nodes of the project's cluster that hold it."""

    @property
    def handle(self) -> str:
        """What the engine removes it by."""
        return self.reference or self.id

    def as_dict(self) -> dict[str, object]:
        """The image as JSON-ready data."""
        return {
            "name": self.name,
            "kind": self.kind,
            "reference": self.reference,
            "id": self.id,
            "origin": self.origin,
            "size": self.size,
            "created": self.created,
            "state": self.state,
            "nodes": list(self.nodes),
        }


def known_images(catalogue: Catalogue, tools: Iterable[str]) -> dict[str, tuple[Image, Kind]]:
    """Every reference of the present catalogue, project and tools, in full form, with what it stands for.

    Raises:
        ImageError: a recipe or context cannot be read.
    """
    plans: list[tuple[Image, Kind]] = [(catalogue.tool(tool), "tool") for tool in tools]
    plans += [(catalogue[name], "project" if catalogue.is_local(name) else "catalogue") for name in catalogue.names()]
    return {
        normalise(reference): (plan, kind)
        for plan, kind in plans
        for reference in (plan.upstream, plan.own)
        if reference
    }


def list_images(
    stored: Iterable[StoredImage],
    known: Mapping[str, tuple[Image, Kind]],
    usage: Usage,
    ours: Mapping[str, str],
    held: Mapping[str, AbstractSet[str]],
) -> list[ListedImage]:
    """The engine's images that devenv made, or that its specification names; one for each name.

    Args:
        stored: all images of the engine.
        known: as `known_images` tells.
        usage: who needs them.
        ours: the labels of what devenv made.
        held: node to the full names of the images that it holds.
    """
    listed = [
        _listed(image, reference, known, usage, held)
        for image in stored
        for reference in image.references or ("",)
        if (reference and normalise(reference) in known) or ours.items() <= image.labels.items()
    ]
    return sorted(listed, key=lambda i: (i.kind, i.name, -i.created, i.reference))


def removable(images: Iterable[ListedImage], made: AbstractSet[str]) -> list[ListedImage]:
    """Those that nothing needs and devenv made; what a user has named, or built on it, is the user's.

    Args:
        images: all of devenv's label, which those inherit that are built on one.
        made: names of images, and IDs of nameless ones, that did not inherit it.
    """
    return [image for image in images if image.state == "old" and image.handle in made]


def _listed(
    image: StoredImage,
    reference: str,
    known: Mapping[str, tuple[Image, Kind]],
    usage: Usage,
    held: Mapping[str, AbstractSet[str]],
) -> ListedImage:
    full = normalise(reference) if reference else ""
    plan, kind = known.get(full, (None, None))
    return ListedImage(
        name=plan.name.removeprefix(_TOOL) if plan else _name(full),
        kind=kind or _kind(full, known),
        reference=reference,
        id=image.id,
        origin=_origin(plan, full),
        size=image.size,
        created=image.created,
        state=_state(image, full, usage, named=plan is not None),
        nodes=tuple(node for node, names in sorted(held.items()) if full in names),
    )


def _state(image: StoredImage, full: str, usage: Usage, *, named: bool) -> State:
    if image.id in usage.containers or (full and full in usage.references):
        return "in use"
    if named:
        return "current"
    return "unknown" if full and usage.unknown else "old"


def _kind(full: str, known: Mapping[str, tuple[Image, Kind]]) -> Kind:
    """What a former build was, by the present image of its name."""
    name = _name(full)
    if name.startswith(_TOOL):
        return "tool"
    return next((kind for plan, kind in known.values() if plan.name == name), "other")


def _name(full: str) -> str:
    repository = full.rpartition("@")[0] or full
    return repository.rpartition("/")[2].partition(":")[0]


def _origin(plan: Image | None, full: str) -> Origin:
    if not full.startswith(f"{OWN_REPOSITORY}/") and full:
        return "pulled"
    match plan.origin if plan else None:
        case Bootstrap():
            return "bootstrapped"
        case Assembly():
            return "assembled"
        case _:
            return "built"


def images_named(texts: Sequence[str]) -> frozenset[str]:
    """The full references among what the objects of a cluster call images."""
    found = set()
    for text in texts:
        if not text.startswith("sha256:"):  # as statuses hold it: the name of no image
            try:
                found.add(normalise(text))
            except ImageError:
                continue  # other things are called `image` too
    return frozenset(found)
