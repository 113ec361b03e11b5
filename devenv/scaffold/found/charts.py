"""Stacks: those that are there, and out of charts, with a stack.yaml for each that names the chart where it lies."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml

from devenv.scaffold.document import flow
from devenv.scaffold.found.services import FoundService
from devenv.scaffold.found.tree import Tree, of_tests
from devenv.scaffold.names import service_named
from devenv.scaffold.sketch import Left
from devenv.spec.read.discover import STACK_FILE
from devenv.spec.yaml.loader import SafeLoader

CHART_FILE = "Chart.yaml"
STACKS = "stacks"
"""The folder of a project's own stacks where it has none yet."""
LAYER = "06-application"


_LAYER = re.compile(r"[0-9]{2}-[a-z0-9][-a-z0-9]*")


@dataclass(frozen=True, slots=True)
class FoundStack:
    """A stack, with its file."""

    name: str
    file: PurePosixPath
    text: str
    """Empty where the file is there already."""
    builds: tuple[FoundService, ...] = ()
    """Those whose images it uses; they are no services of their own then."""


def stacks(
    tree: Tree, services: Collection[FoundService], project: str, taken: set[str], left: list[Left]
) -> Iterator[FoundStack]:
    """A stack of each chart that is no part of another one, and no library.

    Args:
        tree: where they are.
        services: what Dockerfiles make; one that is called like a chart is the chart's image.
        project: the project's name.
        taken: names that others have; gets those of the stacks.
        left: gets what is not taken.
    """
    own = set[str]()
    there = [file for file in tree.files if file.name == STACK_FILE and _LAYER.fullmatch(file.parent.parent.name)]
    for file in there:
        name = file.parent.name
        own.add(name)
        taken.add(name)
        images = (_mapping(tree, file, left) or {}).get("images")
        used = {name, *(images if isinstance(images, dict) else ())}
        yield FoundStack(name, file, "", tuple(each for each in services if each.entry.name in used))
    charts = [file.parent for file in tree.files if file.name == CHART_FILE]
    folders = [folder for folder in charts if not any(folder.is_relative_to(file.parent) for file in there)]
    for folder in folders:
        file = folder / CHART_FILE
        if any(other in folder.parents for other in folders):
            continue
        if below := of_tests(file):
            left.append(Left(file, 1, f"a chart below {below} is not taken for a stack"))
            continue
        about = _mapping(tree, file, left)
        if about is None or about.get("type") == "library":
            continue
        called = str(about.get("name") or folder.name)
        service = next((each for each in services if each.entry.name == service_named(called, project, ())), None)
        name = (
            service.entry.name if service and service.entry.name not in own else service_named(called, project, taken)
        )
        image = _image_places(tree, folder)
        if service and not image:
            left.append(Left(folder / "values.yaml", 1, f"where the image of {name} goes is not told", _IMAGES))
        own.add(name)
        taken.add(name)
        text = _stack(name, about, folder, service if image else None)
        yield FoundStack(name, PurePosixPath(STACKS, LAYER, name, STACK_FILE), text, (service,) if service else ())


_IMAGES = "write under images of stack.yaml: NAME: {repository: image.repository, tag: image.tag}"


def _stack(name: str, about: Mapping[str, Any], folder: PurePosixPath, service: FoundService | None) -> str:
    summary = " ".join(str(about.get("description") or f"The chart {folder}").split())
    up = PurePosixPath(*[".."] * 3)
    lines = [
        "# What the chart beside it is to devenv. Further keys: docs/specification.md of devenv.",
        f"name: {flow(name)}",
        f"layer: {LAYER}",
        f"summary: {flow(summary)}",
        'namespace: "{namespace_prefix}-apps"',
        f"version: {flow(str(about.get('version') or '0'))}",
        "needs: [traefik] # and what else has to be ready first",
        "sources:",
        f"  - chart: {{path: {flow(str(up / folder))}}}",
    ]
    if service:
        context = service.build if isinstance(service.build, str) else service.build["context"]
        rest = {} if isinstance(service.build, str) else {k: v for k, v in service.build.items() if k != "context"}
        image = {"repository": "image.repository", "tag": "image.tag", "build": {"context": str(up / context), **rest}}
        lines += ["images:", f"  {flow(name)}: {flow(image)}"]
    return "\n".join(lines) + "\n"


def _image_places(tree: Tree, folder: PurePosixPath) -> bool:
    """Whether the chart's values have an image where most charts have it."""
    values = _mapping(tree, folder / "values.yaml", [])
    image = values.get("image") if values else None
    return isinstance(image, dict) and {"repository", "tag"} <= image.keys()


def _mapping(tree: Tree, file: PurePosixPath, left: list[Left]) -> Mapping[str, Any] | None:
    try:
        found = yaml.load(tree.text(file), SafeLoader)  # noqa: S506 -- a safe one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        left.append(Left(file, mark.line + 1 if mark else 1, "it cannot be read as YAML"))
        return None
    return found if isinstance(found, dict) else {}
