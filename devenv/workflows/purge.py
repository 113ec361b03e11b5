"""`devenv down --purge`: what projects share goes too, as far as no other project needs it."""

from __future__ import annotations

from devenv.adapters.docker import Engine
from devenv.adapters.engine.service import is_own_engine
from devenv.adapters.files.paths import KUBECONFIG, cache_dir, remove_folder, state_root
from devenv.events import Noted
from devenv.images.catalogue.inventory import list_images, removable
from devenv.labels import OURS
from devenv.runtime.observe.image_usage import image_usage, projects_at_work
from devenv.runtime.ownership.engines import ENGINES
from devenv.runtime.ownership.marks import look_at_all
from devenv.workflows.access.session import Session

_SHARED = ("ca", "push", "databases")
"""State of this user that all projects share, and that is made again where it is missing."""


def purge(engine: Engine, project: str, session: Session) -> None:
    """Remove images, caches and the local CA: everything shared that can be made again.

    Images go by the rule of `devenv images prune`: under names of devenv's own alone, and not while a container or a
    cluster uses them. While another project needs them, caches and CA stay. The lock of the `project` that was taken
    away is held, so that nobody begins to bring it up meanwhile.
    """
    others = _others(engine, project)
    removed, kept = _remove_images(engine, project)
    parts = [f"{removed} images"]
    if others:
        session.emit(
            Noted(
                f"kept for {', '.join(others)}: {kept} images, the caches and the local CA",
                "warning",
                "devenv down in those projects first",
            )
        )
    else:
        engine.volumes.remove(engine.volumes.list(OURS))
        if is_own_engine(engine.version().id):
            parts.append(f"{engine.builds.prune_cache(0) / 1e9:.1f} GB of build cache")
        shared = state_root(create=False) / "_host"
        for folder in (cache_dir(create=False), *(shared / name for name in _SHARED)):
            remove_folder(folder)
        if kept:
            session.emit(Noted(f"{kept} images are kept: containers of yours use them", "warning", "docker ps --all"))
    session.emit(Noted(f"{' and '.join(parts)} removed"))


def _others(engine: Engine, project: str) -> list[str]:
    """The projects that need what is shared.

    They have a cluster here, or something is being done for them, such as building for a first `up`, or this user has
    brought them up in whichever engine.
    """
    here = {kind_cluster.names.project for kind_cluster in look_at_all(engine)}
    states = state_root(create=False)
    kept = {file.parent.name for name in (f"{KUBECONFIG}*", ENGINES) for file in states.glob(f"*/{name}")}
    return sorted(here | (set(projects_at_work(engine)) - {project}) | kept)


def _remove_images(engine: Engine, project: str) -> tuple[int, int]:
    """Remove what nothing needs; how many images went, and how many of devenv's own stay."""
    stored = engine.images.list()
    made = engine.images.made_with(OURS, stored)
    # Nothing counts as current: what no cluster and no container uses goes.
    listed = list_images(stored, {}, image_usage(engine, leaving_out=project), OURS, {})
    unneeded = removable(listed, made)
    refused = engine.images.remove_unneeded([image.handle for image in unneeded])
    removed = len(unneeded) - len(refused)
    return removed, sum(image.handle in made for image in listed) - removed
