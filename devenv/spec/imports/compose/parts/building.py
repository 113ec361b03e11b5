"""What a service of Compose is made of: a build, or an image; and what its Dockerfile tells of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from devenv.spec.imports.compose.sheet import Sheet, node_of, text_of
from devenv.spec.read.drafts import PLACEHOLDER
from devenv.spec.yaml.positions import Node

_EXPOSE = re.compile(r"^\s*EXPOSE\s+(.+)$", re.IGNORECASE | re.MULTILINE)
_CARRIED = ("args", "context", "dockerfile", "dockerfile_inline", "network", "target")
_ELSEWHERE = re.compile(r"[a-z]+://|git@")
_NETWORKS = ("default", "none", "host")


def put_image(sheet: Sheet, builders: Mapping[str, str]) -> None:
    """Say what a service is made of; `builders` are the services that build an image, by its name."""
    build = sheet.find("build")
    image = sheet.find("image")
    builder = builders.get(text_of(image)) if image else None
    if build is None and builder and builder != sheet.name:
        other = Sheet(builder, sheet.document, sheet.files)
        build = other.find("build")
        if build and image:
            sheet.put("build", _build(other, build), image)
        return
    if build is not None:
        made = _build(sheet, build)
        if _tell(sheet):
            sheet.made["build"] = node_of(made, build)
        else:
            sheet.put("image", PLACEHOLDER, build)
    elif image is not None:
        sheet.made["image"] = image
    elif sheet.name in sheet.files.broken:
        sheet.put("image", PLACEHOLDER, sheet.node)


def _build(sheet: Sheet, build: Node) -> dict[str, Any]:
    context = sheet.find("build", "context")
    place = sheet.place(context or build, text_of(context) if context else ".")
    made: dict[str, Any] = {"context": node_of(sheet.relative(place), context or build)}
    for key in ("dockerfile", "target"):
        if node := sheet.find("build", key):
            made[key] = node
    if (network := sheet.find("build", "network")) and text_of(network) in _NETWORKS:
        made["network"] = network
    if args := dict(_arguments(sheet)):
        made["args"] = node_of(args, sheet.find("build", "args") or build)
    return made


def _tell(sheet: Sheet) -> bool:
    """Tell of what a build says and has no place here; returns whether it can be built at all."""
    possible = True
    written = sheet.text("build", "context") or "."
    if _ELSEWHERE.match(written):
        message = f"{written} is not in the project"
        sheet.problem(("build", "context"), message, "check it out below devenv.yaml, and name the folder")
        possible = False
    network = sheet.text("build", "network")
    if network and network not in _NETWORKS:
        sheet.note(("build", "network"), "the network is not carried over", "the build has one of its own")
    for key in sheet.entries("build"):
        if key == "dockerfile_inline":
            sheet.problem(("build", key), "a Dockerfile is expected in a file", "write it to Dockerfile, and name that")
            possible = False
        elif key not in _CARRIED and sheet.find("build", key):
            sheet.note(("build", key), f"build.{key} is not carried over", "it is built without")
    return possible


def _arguments(sheet: Sheet) -> Iterator[tuple[str, Node]]:
    for name, node in sheet.entries("build", "args").items():
        value = sheet.files.lookup(name) if node.value is None else text_of(node)
        if value is not None:
            yield name, node_of(value, node)


def exposed_ports(sheet: Sheet) -> list[int]:
    """The ports that the Dockerfile tells of."""
    context = sheet.find("build", "context")
    if context is None:
        return []
    file = sheet.place(context, text_of(context)) / (sheet.text("build", "dockerfile") or "Dockerfile")
    try:
        content = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    words = [word.partition("/")[0] for found in _EXPOSE.findall(content) for word in found.split()]
    return [int(word) for word in words if word.isdecimal()]
