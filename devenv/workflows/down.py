"""`devenv down`: take away what devenv made, and nothing else."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import KUBECONFIG, remove_folder
from devenv.errors import (
    ApiUnreachableError,
    ClusterError,
    EngineUnavailableError,
    ForeignClusterError,
    OtherEngineError,
    UsageError,
)
from devenv.events import Noted
from devenv.labels import LABEL_PROJECT
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import Names
from devenv.runtime.ownership.engines import ENGINES, forget_engine, recorded_engines
from devenv.runtime.ownership.marks import look, owner_of
from devenv.runtime.ownership.ownership import KindCluster
from devenv.workflows.access.claim import take_over
from devenv.workflows.access.exclusive import confirm_lock, exclusive
from devenv.workflows.access.locations import Locations, project_locations
from devenv.workflows.access.session import Session

if TYPE_CHECKING:
    from devenv.workflows.databases.losses import Losses


@dataclass(frozen=True, slots=True)
class DownRequest:
    """What the user asked for."""

    directory: Path
    purge: bool = False
    """Also what projects share."""
    adopt: bool = False
    """Also where the cluster is another folder's."""
    assume_yes: bool = False


def down(request: DownRequest, session: Session) -> None:
    """Remove the project's cluster, volumes, network, kubeconfig and state; with `purge` also what projects share.

    Raises:
        EngineUnavailableError: no engine answers, so that nothing can be looked at; everything is left as it is.
        ForeignClusterError: the cluster of that name is not devenv's.
        OtherEngineError: it is in another engine; everything is left as it is.
        OtherFolderError: it is another folder's, and nobody agreed to remove it.
        UsageError: nobody agreed that something is lost.
        LockedError: another run changes the project, and this one is not to wait.
    """
    locations = project_locations(request.directory)
    engine = _connect(locations)
    if request.purge:
        _agree_to_purge(request, session)
    with exclusive(engine, locations.project, session, to_the_end=True):
        _take_away(locations, engine, session, request)
        if request.purge:
            # What it needs takes long to load.
            from devenv.workflows.purge import purge  # noqa: PLC0415

            purge(engine, locations.project, session)
    if request.purge:
        # The lock itself needed it.
        engine.locks.remove_image()


def _take_away(locations: Locations, engine: Engine, session: Session, request: DownRequest) -> None:
    names = Names(locations.project)
    began = time.monotonic()
    # While the engine starts the lock's container: what takes long to load, and what the engine takes long to tell.
    with ThreadPoolExecutor(1, thread_name_prefix="engine") as pool:
        version = pool.submit(engine.version)
        from devenv.workflows.databases.losses import look_for_losses  # noqa: PLC0415

        kind_cluster = look(engine, names)
    if kind_cluster.state is ClusterState.FOREIGN:
        raise ForeignClusterError(
            f"cluster {names.cluster} exists, and devenv did not make it",
            hint=f"remove it yourself: kind delete cluster --name {names.cluster}",
        )
    here = version.result().id
    if kind_cluster.state is ClusterState.ABSENT:
        _require_gone(locations, engine, _elsewhere(locations, here))
    take_over(kind_cluster, owner_of(locations.root), session, adopt=request.adopt, command="devenv down")
    _agree_to_loss(look_for_losses(locations, engine, kind_cluster, session), request, session)
    confirm_lock(names.project, session)
    if not _elsewhere(locations, here):
        from devenv.workflows.start_page import end_page  # noqa: PLC0415 -- what it needs takes long to load

        end_page(locations.state)
    existed = _remove(engine, kind_cluster) or locations.state.exists()
    if elsewhere := _elsewhere(locations, here):  # another run may have come to be there meanwhile
        forget_engine(locations.state, here)
        locations.kubeconfig.unlink(missing_ok=True)
        session.emit(Noted("its state is kept: the project is up in another engine, too", "warning", _there(elsewhere)))
    else:
        remove_folder(locations.state)
    seconds = time.monotonic() - began
    gone = f"{names.project} is gone ({len(kind_cluster.containers)} containers, {seconds:.1f} s)"
    session.emit(Noted(gone if existed else "nothing to remove"))


def _elsewhere(locations: Locations, here: str) -> dict[str, str]:
    """The engines that the project is up in apart from the one of this ID."""
    return {name: way for name, way in recorded_engines(locations.state).items() if name != here}


def _require_gone(locations: Locations, engine: Engine, elsewhere: Mapping[str, str]) -> None:
    """Raise OtherEngineError where a cluster that this engine does not hold runs on, or may do so, in another."""
    names = Names(locations.project)
    asked = f"{engine.version().id} at {engine.address}"
    if elsewhere:
        record = shlex.quote(str(locations.state / ENGINES))
        raise OtherEngineError(
            f"cluster {names.cluster} is not in the engine that answers: it was made in another one",
            context={
                "engine that answers": asked,
                "engine of the cluster": "; ".join(f"{name} ({way})" for name, way in elsewhere.items()),
            },
            hint=f"{_there(elsewhere)}; where that engine is gone for good: rm {record}; devenv down",
        )
    # Whichever way to an engine it was written for: the record of the engines may be lost.
    if answering := next((file for file in sorted(locations.state.glob(f"{KUBECONFIG}*")) if _answers(file)), None):
        kubeconfig = shlex.quote(str(answering))
        raise OtherEngineError(
            f"cluster {names.cluster} is not in the engine that answers, and its API does answer",
            context={"engine that answers": asked, "engine of the cluster": f"not recorded; see {kubeconfig}"},
            hint="choose the engine that holds it: docker context ls; then: DOCKER_CONTEXT=<name> devenv down",
        )


def _answers(kubeconfig: Path) -> bool:
    from devenv.adapters.kubernetes.cluster import Cluster  # noqa: PLC0415 -- takes long to load

    if not kubeconfig.is_file():
        return False
    try:
        with Cluster(kubeconfig) as cluster:
            return cluster.reachable()
    except ApiUnreachableError:
        return False  # the file is damaged


def _there(engines: Mapping[str, str]) -> str:
    return "; ".join(f"{way} devenv down" for way in engines.values())


def _connect(locations: Locations) -> Engine:
    try:
        return Engine.connect()
    except EngineUnavailableError as error:
        error.context["nothing was removed"] = f"whether cluster {Names(locations.project).cluster} exists is not known"
        error.hint = "start the engine, then: devenv down"
        raise


def _agree_to_purge(request: DownRequest, session: Session) -> None:
    question = (
        "Purging removes every image that devenv built, its caches and its local CA; making the images again takes"
        " about 25 minutes. Go on?"
    )
    if not request.assume_yes and not session.confirm(question):
        raise UsageError("nothing was removed: purging takes your consent", hint="devenv down --purge --yes")


def _agree_to_loss(losses: Losses, request: DownRequest, session: Session) -> None:
    """Name the databases whose data goes; ask where somebody is there to answer, and there may be more than seeds."""
    if losses.databases:
        session.emit(Noted(f"with the cluster goes the data of {', '.join(losses.databases)}"))
    if request.assume_yes or not session.interactive or not (worth := losses.worth_asking()):
        return
    if not session.confirm(f"{worth}. Remove the cluster with all data?"):
        raise UsageError(
            "nothing was removed: losing data takes your consent", context={"cause": worth}, hint="devenv down --yes"
        )


def _remove(engine: Engine, kind_cluster: KindCluster) -> bool:
    """Remove the cluster's containers and its network; whether there was any of them."""
    names = [container.name for container in kind_cluster.containers]
    network = kind_cluster.network is not None and kind_cluster.network.get(LABEL_PROJECT) == kind_cluster.names.project
    with ThreadPoolExecutor(1, thread_name_prefix="network") as pool:
        # A run that is killed in between leaves a stopped cluster without a network: only its marks tell whose it is.
        if network and names and all(name in kind_cluster.marks for name in names):
            engine.containers.kill(names)
            if _detached(engine, kind_cluster):
                # It takes as long as the removal of some of the volumes: the two go on at once. What keeps the network
                # from being removed is raised below, where that is tried once more.
                pool.submit(engine.networks.remove, kind_cluster.names.network)
        engine.containers.remove(names)
    if network:
        engine.networks.remove(kind_cluster.names.network)
    return bool(kind_cluster.containers) or network


def _detached(engine: Engine, kind_cluster: KindCluster) -> bool:
    """Detach the cluster's containers from its network; where the engine refuses, it goes after them."""
    network = kind_cluster.names.network
    try:
        engine.networks.detach(network, [c.name for c in kind_cluster.containers if network in c.networks])
    except ClusterError:
        return False
    return True
