"""`devenv images` and `devenv images prune`: what the engine holds for devenv, and what of it can go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.images.catalogue.inventory import ListedImage, Usage, known_images, list_images, removable
from devenv.images.nodes.content import names_on_nodes
from devenv.labels import OURS
from devenv.runtime.environment import Environment
from devenv.runtime.observe.image_usage import image_usage
from devenv.runtime.ownership.ownership import running_nodes
from devenv.workflows.access.connect import environment_on
from devenv.workflows.access.project import read_project
from devenv.workflows.access.session import silent_session


@dataclass(frozen=True, slots=True)
class ImageReport:
    """The engine's images, as far as they are devenv's concern."""

    images: tuple[ListedImage, ...]
    removable: tuple[ListedImage, ...]
    """What `prune` removes."""
    unknown: tuple[str, ...]
    """Clusters that could not be asked which images they need."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a prune removed."""

    images: tuple[ListedImage, ...]
    freed: int
    """Bytes of the engine's disk."""


def read_images(
    directory: Path, labels: Mapping[str, str] = OURS, ask_usage: Callable[[Engine], Usage] = image_usage
) -> ImageReport:
    """Look at the engine, the project and every cluster that devenv made.

    Args:
        directory: where devenv.yaml is looked for.
        labels: of the images that devenv made.
        ask_usage: says who needs images in the engine.

    Raises:
        SpecError: with every problem of the specification.
        EngineUnavailableError: no engine answers.
    """
    workspace = read_project(directory)
    environment = environment_on(Engine.connect(), workspace, silent_session(), create=False)
    engine = environment.engine
    usage = ask_usage(engine)
    known = known_images(environment.catalogue, workspace.versions.tools)
    stored = engine.images.list()
    images = list_images(stored, known, usage, labels, _held(environment, usage))
    return ImageReport(tuple(images), tuple(removable(images, engine.images.made_with(labels, stored))), usage.unknown)


def prune_images(report: ImageReport, agreed: Callable[[Sequence[ListedImage]], bool]) -> Pruned:
    """Remove what is removable, once `agreed` says so.

    Raises:
        ImageError: the engine refuses to remove one.
    """
    if not report.removable or not agreed(report.removable):
        return Pruned((), 0)
    engine = Engine.connect()
    before = engine.images.total_bytes()
    kept = engine.images.remove_unneeded([image.handle for image in report.removable])
    removed = tuple(image for image in report.removable if image.handle not in kept)
    return Pruned(removed, max(0, before - engine.images.total_bytes()))


def _held(environment: Environment, usage: Usage) -> Mapping[str, frozenset[str]]:
    """What the nodes of the project's cluster hold; nothing where they do not run."""
    if environment.names.cluster in usage.unknown:
        return {}
    nodes = running_nodes(environment.containers())
    return names_on_nodes(environment.engine, nodes)
