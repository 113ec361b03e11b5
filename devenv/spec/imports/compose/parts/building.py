"""What a service of Compose is made of: a build, or an image; and what its Dockerfile tells of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.spec.imports.compose.draft import ServiceDraft, node_of, text_of
from devenv.spec.read.drafts import PLACEHOLDER
from devenv.spec.yaml.positions import Node

_EXPOSE = re.compile(r"^\s*EXPOSE\s+(.+)$", re.IGNORECASE | re.MULTILINE)
_CARRIED = ("args", "context", "dockerfile", "dockerfile_inline", "network", "target")
_ELSEWHERE = re.compile(r"[a-z]+://|git@")
_NETWORKS = ("default", "none", "host")


def put_image(draft: ServiceDraft, builders: Mapping[str, str]) -> None:
    """Say what a service is made of; `builders` are the services that build an image, by its name."""
    build = draft.find("build")
    image = draft.find("image")
    builder = builders.get(text_of(image)) if image else None
    if build is None and builder and builder != draft.name:
        other = ServiceDraft(builder, draft.document, draft.files)
        build = other.find("build")
        if build and image:
            draft.put("build", _build(other, build), image)
        return
    if build is not None:
        made = _build(draft, build)
        if _tell(draft):
            draft.made["build"] = node_of(made, build)
        else:
            draft.put("image", PLACEHOLDER, build)
    elif image is not None:
        draft.made["image"] = image
    elif draft.name in draft.files.broken:
        draft.put("image", PLACEHOLDER, draft.node)


def _build(draft: ServiceDraft, build: Node) -> dict[str, Any]:
    context = draft.find("build", "context")
    place = draft.place(context or build, text_of(context) if context else ".")
    made: dict[str, Any] = {"context": node_of(draft.relative(place), context or build)}
    for key in ("dockerfile", "target"):
        if node := draft.find("build", key):
            made[key] = node
    if (network := draft.find("build", "network")) and text_of(network) in _NETWORKS:
        made["network"] = network
    if args := dict(_arguments(draft)):
        made["args"] = node_of(args, draft.find("build", "args") or build)
    return made


def _tell(draft: ServiceDraft) -> bool:
    """Tell of what a build says and has no place here; returns whether it can be built at all."""
    possible = True
    written = draft.text("build", "context") or "."
    if _ELSEWHERE.match(written):
        message = f"{written} is not in the project"
        draft.problem(("build", "context"), message, "check it out below devenv.yaml, and name the folder")
        possible = False
    network = draft.text("build", "network")
    if network and network not in _NETWORKS:
        draft.note(("build", "network"), "the network is not carried over", "the build has one of its own")
    for key in draft.entries("build"):
        if key == "dockerfile_inline":
            draft.problem(("build", key), "a Dockerfile is expected in a file", "write it to Dockerfile, and name that")
            possible = False
        elif key not in _CARRIED and draft.find("build", key):
            draft.note(("build", key), f"build.{key} is not carried over", "it is built without")
    return possible


def _arguments(draft: ServiceDraft) -> Iterator[tuple[str, Node]]:
    for name, node in draft.entries("build", "args").items():
        value = draft.files.lookup(name) if node.value is None else text_of(node)
        if value is not None:
            yield name, node_of(value, node)


def exposed_ports(draft: ServiceDraft) -> list[int]:
    """The ports that the Dockerfile tells of."""
    context = draft.find("build", "context")
    if context is None:
        return []
    file = draft.place(context, text_of(context)) / (draft.text("build", "dockerfile") or "Dockerfile")
    try:
        content = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    words = [word.partition("/")[0] for found in _EXPOSE.findall(content) for word in found.split()]
    return [int(word) for word in words if word.isdecimal()]
