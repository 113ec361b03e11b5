"""What to do when the image that a Dockerfile begins with cannot be had: devenv may have one in its place.

Pure. Responsible for the hint alone.
"""

from __future__ import annotations

import re

from devenv.errors import ImageError
from devenv.spec.image_reference import Reference
from devenv.spec.versions import Versions

_FETCHING = re.compile(r"load metadata for (?P<image>\S+)|^FROM (?P<from>\S+)|\] FROM (?P<stage>\S+)")


def base_hint(image: str, failing: str, versions: Versions) -> str:
    """How to build on devenv's own base in place of the one that `failing`, a step of the build, fetches; else empty.

    Args:
        image: the image of devenv.yaml that is built.
        failing: the step in BuildKit's words: `[internal] load metadata for docker.io/library/golang:1.26`.
        versions: the catalogue.
    """
    found = _FETCHING.search(failing)
    if not found:
        return ""
    wanted = next(text for text in found.groups() if text)
    try:
        reference = Reference.parse(wanted)
    except ImageError:
        return ""
    alike = [name for name, known in versions.images.items() if _repository(known.upstream) == reference.repository]
    name = max(alike, key=lambda n: _common(n, reference.tag), default="")
    if not name:
        return f"see that {reference.registry} can be reached, and that {wanted} is there"
    argument = re.sub(r"\W", "_", name.partition("-")[0]).upper()
    return (
        f"{reference.registry} may be out of reach; devenv's {name} comes without it. In the Dockerfile write "
        f"ARG {argument} above FROM ${{{argument}}}, in devenv.yaml: "
        f"images: {{{image}: {{bases: {{{argument}: {name}}}}}}}"
    )


def _repository(upstream: str | None) -> str:
    return Reference.parse(upstream).repository if upstream else ""


def _common(name: str, tag: str) -> int:
    """How many words a name and a tag have in common."""
    return len(set(name.split("-")) & set(tag.split("-")))
