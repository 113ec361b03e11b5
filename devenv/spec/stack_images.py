"""Images that stacks bring along: how they are built, or where they come from, beside devenv.yaml and the catalogue.

Responsible for putting all of them together under their names. Whether contexts and bases are there is checked
elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.local_image import LocalImage
from devenv.spec.read.drafts import StackDraft
from devenv.spec.stack import StackImage
from devenv.spec.versions import CatalogueImage, Versions
from devenv.spec.yaml.positions import Document, KeyPath

_ALIKE = "have both alike, or give one another name under images of devenv.yaml"


@dataclass(slots=True)
class StackImages:
    """All images of a project by name."""

    built: dict[str, LocalImage]
    """From the project's own sources; contexts are relative to the project."""
    pulled: dict[str, CatalogueImage]
    problems: list[Problem] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [*self.built, *self.pulled]


def collect_images(
    own: Mapping[str, LocalImage], versions: Versions | None, drafts: Iterable[StackDraft], root: Path
) -> StackImages:
    """The images of devenv.yaml and the catalogue, with those of the stacks; one name stands for one image.

    Args:
        own: those of devenv.yaml.
        versions: the catalogue.
        drafts: the stacks.
        root: the project's folder.
    """
    found = StackImages(dict(own), dict(versions.images) if versions else {})
    for draft in drafts:
        if draft.spec is None or draft.document is None:
            continue
        for at, image in draft.spec.injections:
            below = Path(os.path.relpath(draft.folder.root, root))
            _add(found, _from_project(image, below), draft.document, at)
    return found


def _from_project(image: StackImage, below: Path) -> StackImage:
    """The image with its context relative to the project instead of the stack, which is `below` it."""
    if image.build is None:
        return image
    build = image.build.model_copy(update={"context": os.path.normpath(below / image.build.context)})
    return image.model_copy(update={"build": build})


def _add(found: StackImages, image: StackImage, document: Document, at: KeyPath) -> None:
    name = str(at[-1])
    if build := image.build:
        there = found.built.setdefault(name, build)
        if _normal(there) != _normal(build):
            message = f"the image {name} is built in another way elsewhere: from {there.context}"
            found.problems.append(document.problem((*at, "build"), message, _ALIKE))
        elif build.sync and there.sync not in {(), build.sync}:
            message = f"the image {name} is synced in another way elsewhere"
            found.problems.append(document.problem((*at, "build", "sync"), message, "have both alike, or say it once"))
        elif build.sync:
            found.built[name] = there.model_copy(update={"sync": build.sync})
    elif image.upstream:
        known = found.pulled.setdefault(name, CatalogueImage(upstream=image.upstream))
        if known.upstream != image.upstream or name in found.built:
            message = f"the image {name} is another one elsewhere: {known.upstream or 'built'}"
            found.problems.append(document.problem((*at, "upstream"), message, _ALIKE))


def _normal(image: LocalImage) -> LocalImage:
    """As it is built: what is synced is no part of that."""
    return image.model_copy(update={"context": os.path.normpath(image.context), "sync": ()})
