"""`devenv lock`: records the digests of the upstream images that a project uses in devenv.lock, beside devenv.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import data_root
from devenv.adapters.files.records import write_whole
from devenv.errors import RegistryError
from devenv.images.catalogue.registries import Registries
from devenv.plan.image import BALANCER
from devenv.spec.catalogue import load_versions
from devenv.spec.image_reference import mirrored_at, registry_of
from devenv.spec.load import load_workspace
from devenv.spec.lock import lock_text
from devenv.spec.workspace import LOCK_FILE, Workspace

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


@dataclass(frozen=True, slots=True)
class LockRow:
    """One image."""

    name: str
    upstream: str
    digest: str | None
    state: str
    """`recorded`, `unchanged`, or `out of reach`."""

    def as_dict(self) -> dict[str, str | None]:
        """The row as JSON-ready data."""
        return {"name": self.name, "upstream": self.upstream, "digest": self.digest, "state": self.state}


def lock_images(directory: Path) -> list[LockRow]:
    """Ask each upstream image's registry for its digest and write what answers into the project's devenv.lock.

    Raises:
        SpecError: the specification, or the present lock, is wrong.
        EngineUnavailableError: there is no engine; it is what talks to registries.
        RegistryError: a registry answers and refuses; nothing is written.
    """
    workspace = load_workspace(directory, data_root=data_root())
    engine = Engine.connect()
    images = lockable(workspace)
    answering = Registries(engine).answering(registry_of(image.source) for image in images)
    rows = lock_rows(images, answering, engine.images.registry_digest)
    file = workspace.root / LOCK_FILE
    digests = {row.upstream: row.digest for row in rows if row.digest}
    if digests or file.exists():
        write_whole(file, lock_text(digests))
    return rows


def lockable(workspace: Workspace) -> list[Lockable]:
    """The upstream images that the project's stacks, its cluster and what it builds may be pulled as."""
    mirrors, given = workspace.project.registry_mirrors, load_versions().images
    found = []
    for name in _pulled(workspace):
        upstream = workspace.versions.images[name].upstream
        if upstream:
            source = mirrored_at(mirrors, upstream) or upstream
            former = workspace.lock.images.get(upstream)
            found.append(Lockable(name, upstream, source, former, given[name].digest))
    return found


def lock_rows(images: Iterable[Lockable], answering: Mapping[str, bool], ask: Callable[[str], str]) -> list[LockRow]:
    """What each image's registry says of it; where none answers, the former digest stays.

    Raises:
        RegistryError: of the first that is refused; its context has the others.
    """
    images = list(images)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lock") as pool:
        asked = {
            image.name: pool.submit(ask, image.source)
            for image in images
            if not image.given and answering[registry_of(image.source)]
        }
    errors = {name: future.exception() for name, future in asked.items()}
    refused = {name: error for name, error in errors.items() if isinstance(error, RegistryError)}
    if refused:
        first, *others = refused
        refused[first].context |= {f"image {name}": refused[name].message for name in others}
        raise refused[first]
    return [_row(image, asked[image.name].result() if image.name in asked else None) for image in images]


def _row(image: Lockable, reported: str | None) -> LockRow:
    # A digest of the catalogue is of a release's notes; its tag may have moved since. Who wrote another means it.
    digest = reported or image.former or image.given
    state = "out of reach" if not (reported or image.given) else "unchanged" if digest == image.former else "recorded"
    return LockRow(image.name, image.upstream, digest, state)


def _pulled(workspace: Workspace) -> list[str]:
    """The catalogue's images that `up --images upstream` may pull: a recipe counts where there is no upstream."""
    project, versions = workspace.project, workspace.versions
    stacks = [workspace.stacks[name].spec for name in workspace.selected]
    wanted = [image for stack in stacks for image in stack.images]
    wanted += [image for stack in stacks if stack.licence for image in stack.licence.images.values()]
    wanted += [versions.node.image, *project.images]
    if project.cluster.config or project.cluster.nodes.control_planes > 1:
        wanted.append(BALANCER)
    # Programs without a download for this machine are built.
    wanted += [base for tool in versions.tools.values() for base in tool.bases.values()]
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
