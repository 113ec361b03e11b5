"""`devenv lock`: records the digests of the upstream images that a project uses in devenv.lock, beside devenv.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.adapters.files.records import write_whole
from devenv.errors import ImageNotFoundError, RegistryError
from devenv.images.catalogue.registries import PATIENCE, Registries
from devenv.spec.catalogue import load_versions
from devenv.spec.image_reference import Reference, mirrored_at, registry_of
from devenv.spec.lock import lock_text
from devenv.spec.versions import BALANCER
from devenv.spec.workspace import LOCK_FILE, Workspace
from devenv.workflows.access.project import read_project

_AT_ONCE = 4
"""Registries count requests; four make quick work of twenty images."""


@dataclass(frozen=True, slots=True)
class Lockable:
    """An upstream image that a project may pull."""

    name: str
    upstream: str
    source: str
    """The reference that its registry, or the project's mirror of it, is asked for."""
    former: str | None = None
    """The digest of the lock so far."""
    given: str | None = None
    """The digest of devenv's own catalogue, which goes before what the tag means by now."""
    optional: bool = False
    """The project comes up without it: it takes a licence, or is for building programs that can be downloaded."""


@dataclass(frozen=True, slots=True)
class LockRow:
    """One image."""

    name: str
    upstream: str
    digest: str | None
    state: str
    """`recorded`, `unchanged`, `out of reach`, or `not there` of an optional image that its registry has not."""

    def as_dict(self) -> dict[str, str | None]:
        """The row as JSON-ready data."""
        return {"name": self.name, "upstream": self.upstream, "digest": self.digest, "state": self.state}


def lock_images(directory: Path) -> list[LockRow]:
    """Ask each upstream image's registry for its digest and write what answers into the project's devenv.lock.

    Raises:
        SpecError: the specification, or the present lock, is wrong.
        EngineUnavailableError: there is no engine; it is what talks to registries.
        RegistryError: a registry answers and refuses an image that the project needs; nothing is written.
    """
    workspace = read_project(directory)
    engine = Engine.connect()
    images = lockable(workspace)
    answering = Registries(engine, seconds=PATIENCE).answering(registry_of(image.source) for image in images)
    rows = lock_rows(images, answering, engine.images.registry_digest)
    file = workspace.root / LOCK_FILE
    digests = {row.upstream: row.digest for row in rows if row.digest}
    if digests or file.exists():
        write_whole(file, lock_text(digests, workspace.lock.sources))
    return rows


def lockable(workspace: Workspace) -> list[Lockable]:
    """The upstream images that the project's stacks, its cluster and what it builds may be pulled as."""
    mirrors, given = workspace.project.registry_mirrors, load_versions().images
    needed, found = _pulled(workspace, _needed(workspace)), []
    for name in _pulled(workspace, [*_needed(workspace), *_optional(workspace)]):
        upstream = workspace.versions.images[name].upstream
        if upstream:
            source = mirrored_at(mirrors, upstream) or upstream
            former = workspace.lock.images.get(upstream)
            advised = given[name].digest if name in given else None
            found.append(Lockable(name, upstream, source, former, advised, name not in needed))
    return found


def lock_rows(images: Iterable[Lockable], answering: Mapping[str, bool], ask: Callable[[str], str]) -> list[LockRow]:
    """What each image's registry says of it; where none answers, the former digest stays.

    Raises:
        RegistryError: of the first that is refused; its context has the others.
    """
    images = list(images)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lock") as pool:
        asked = {
            image.name: pool.submit(_reported, image, ask) for image in images if answering[registry_of(image.source)]
        }
    errors = {name: future.exception() for name, future in asked.items()}
    refused = {name: error for name, error in errors.items() if isinstance(error, RegistryError)}
    if refused:
        first, *others = refused
        refused[first].context |= {f"image {name}": refused[name].message for name in others}
        raise refused[first]
    return [_row(image, asked[image.name].result()) if image.name in asked else _silent(image) for image in images]


def _reported(image: Lockable, ask: Callable[[str], str]) -> str | None:
    """The digest by which the registry has an image; None for an optional one that it has not.

    A digest of the catalogue is of a release's notes, and its tag may have moved since; who wrote another means it.
    A registry of copies has neither.
    """
    repository = Reference.parse(image.source).repository
    for digest in (image.former, image.given) if image.given else ():
        if digest and _has(f"{repository}@{digest}", ask):
            return digest
    try:
        return ask(image.source)
    except ImageNotFoundError:
        if image.optional:
            return None
        raise


def _has(reference: str, ask: Callable[[str], str]) -> bool:
    try:
        ask(reference)
    except ImageNotFoundError:
        return False
    return True


def _row(image: Lockable, reported: str | None) -> LockRow:
    state = "not there" if not reported else "unchanged" if reported == image.former else "recorded"
    return LockRow(image.name, image.upstream, reported, state)


def _silent(image: Lockable) -> LockRow:
    """The row of an image whose registry does not answer."""
    digest = image.former or image.given
    state = "out of reach" if not image.given else "unchanged" if digest == image.former else "recorded"
    return LockRow(image.name, image.upstream, digest, state)


def _needed(workspace: Workspace) -> list[str]:
    """The images that `up --images upstream` takes on any machine and without a licence, by name."""
    project, versions = workspace.project, workspace.versions
    stacks = [workspace.stacks[name].spec for name in workspace.selected]
    wanted = [image for stack in stacks for image in stack.images]
    wanted += [versions.node.image, *project.images]
    if project.cluster.config or project.cluster.nodes.control_planes > 1:
        wanted.append(BALANCER)
    return wanted


def _optional(workspace: Workspace) -> list[str]:
    """The images that it may take besides: with a licence, and to build programs without a download for the machine."""
    stacks = [workspace.stacks[name].spec for name in workspace.selected]
    licensed = [image for stack in stacks if stack.licence for image in stack.licence.images.values()]
    return licensed + [base for tool in workspace.versions.tools.values() for base in tool.bases.values()]


def _pulled(workspace: Workspace, wanted: Iterable[str]) -> list[str]:
    """The catalogue's images that are pulled for some images: a recipe counts where there is no upstream."""
    project, versions = workspace.project, workspace.versions
    wanted = list(wanted)
    found: list[str] = []
    while wanted:
        name = wanted.pop(0)
        if name in project.images:
            wanted += project.images[name].bases.values()
        elif name not in found:
            found.append(name)
            if not versions.images[name].upstream:
                wanted += versions.images[name].bases.values()
    return [name for name in versions.images if name in found]
