"""Names of the images that services are made of, which say the same whoever else uses them. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from devenv.spec.image_reference import DEFAULT_REGISTRY, full_reference
from devenv.spec.local_image import LocalImage
from devenv.spec.services.container import HasImage
from devenv.spec.services.values import short_hash

_LONGEST = 63


@dataclass(frozen=True, slots=True)
class ImageNames:
    """The images that there are beside those of services."""

    known: Collection[str]
    """Of devenv.yaml and the catalogue."""
    catalogue: Collection[str]


def image_of(container: HasImage, project: str, images: ImageNames) -> dict[str, Any]:
    """The image of what runs, as a stack names it: `name`, and its origin where it has one of its own.

    Args:
        container: what runs.
        project: the project's name.
        images: those that there are already: what is made of the catalogue's others use.
    """
    if (build := container.whole_build) is not None:
        name = _built_name(build, project)
        return {"name": _apart(name, project, images.catalogue), "build": build.model_dump(exclude_unset=True)}
    written = container.image or ""
    if written in images.known:
        return {"name": written}
    reference = full_reference(written)
    readable = reference.removeprefix(f"{DEFAULT_REGISTRY}/").removeprefix("library/")
    return {"name": _apart(_name(readable), project, images.catalogue), "upstream": reference}


def _built_name(build: LocalImage, project: str) -> str:
    """After the folder, the file and the stage; what is built with arguments or by a command has a hash of them."""
    file = "" if build.dockerfile == LocalImage.model_fields["dockerfile"].default else build.dockerfile
    parts = [build.context.strip("./") or project, file, build.target or ""]
    further = repr(sorted(build.args.items())) if build.args else repr(build.command) if build.command else ""
    return _name("-".join(part for part in parts if part), short_hash(further) if further else "")


def _name(readable: str, digest: str = "") -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", readable.lower()).strip("-")
    if len(plain) > _LONGEST - 7 or not plain:
        digest = short_hash(readable + digest)
    return "-".join(part for part in (plain[: _LONGEST - 7].strip("-"), digest) if part)


def _apart(name: str, project: str, catalogue: Collection[str]) -> str:
    """A name that is none of the catalogue's, whose images others use."""
    return _name(f"{project}-{name}") if name in catalogue else name
