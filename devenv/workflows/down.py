"""`devenv down`: take away what devenv made, and nothing else."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from pathlib import Path

from devenv.adapters.docker import OURS, Engine
from devenv.adapters.engine_service import is_own_engine
from devenv.adapters.paths import cache_dir, state_root
from devenv.engine.ownership import KIND_CLUSTER_LABEL
from devenv.errors import EngineUnavailableError, ForeignClusterError
from devenv.events import Noted
from devenv.plan.names import LABEL_PROJECT, Names
from devenv.workflows.exclusive import exclusive
from devenv.workflows.locations import Locations, project_locations
from devenv.workflows.session import Session


def down(directory: Path, session: Session, *, purge: bool) -> None:
    """Remove the project's cluster, volumes, network, kubeconfig and state; with `purge` also what projects share.

    Raises:
        ForeignClusterError: the cluster of that name is not devenv's.
        LockedError: another run changes the project, and this one is not to wait.
    """
    locations = project_locations(directory)
    engine = _engine()
    with ExitStack() as stack:
        if engine:
            lock = stack.enter_context(exclusive(engine, locations.project, session, to_the_end=True))
            lock.confirm()
        _take_away(locations, engine, session, purge=purge)


def _take_away(locations: Locations, engine: Engine | None, session: Session, *, purge: bool) -> None:
    names = Names(locations.project)
    began = time.monotonic()
    nodes = engine.containers({KIND_CLUSTER_LABEL: names.cluster}) if engine else []
    network = engine.network(names.network) if engine else None
    ours = network is not None and network.get(LABEL_PROJECT) == names.project
    if nodes and not ours:
        raise ForeignClusterError(
            f"cluster {names.cluster} exists, and devenv did not make it",
            hint=f"remove it yourself: kind delete cluster --name {names.cluster}",
        )
    if engine and ours:
        engine.remove_containers([n.name for n in nodes])
        engine.network_remove(names.network)
    existed = bool(nodes) or ours or locations.state.exists()
    _remove_state(locations)
    if purge:
        _purge(engine, session)
    seconds = time.monotonic() - began
    told = f"{names.project} is gone ({len(nodes)} nodes, {seconds:.1f} s)" if existed else "nothing to remove"
    session.emit(Noted(told))


def _engine() -> Engine | None:
    try:
        return Engine.connect()
    except EngineUnavailableError:
        # Without an engine there is no cluster; files on the host can still be removed.
        return None


def _remove_state(locations: Locations) -> None:
    if locations.state.exists():
        shutil.rmtree(locations.state)


def _purge(engine: Engine | None, session: Session) -> None:
    """Remove images, caches and the local CA: everything shared that can be made again."""
    if engine:
        images = engine.images_with(OURS)
        engine.remove_images([name for names in images.values() for name in names])
        engine.remove_images(list(engine.images_with(OURS)))
        engine.remove_volumes(engine.volumes(OURS))
        freed = engine.prune_build_cache(0) if is_own_engine() else 0
        session.emit(Noted(f"{len(images)} images and {freed / 1e9:.1f} GB of build cache removed"))
    shared = state_root(create=False) / "_host"
    for folder in (cache_dir(create=False), *(shared / name for name in ("ca", "push", "databases"))):
        if folder.exists():
            shutil.rmtree(folder)
