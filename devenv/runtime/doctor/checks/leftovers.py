"""What earlier runs have left: clusters whose folders are gone, networks, locks, states."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.docker import ContainerInfo, NetworkInfo
from devenv.adapters.files.paths import KUBECONFIG, state_root
from devenv.adapters.process import is_over
from devenv.errors import DamagedFileError
from devenv.labels import LABEL_LOCK, LABEL_PROCESS, LABEL_PROJECT, OURS
from devenv.plan.names import Names
from devenv.runtime.doctor.check import Check, Subject
from devenv.runtime.doctor.finding import Finding, Fix, Kind, Severity
from devenv.runtime.ownership.engines import ENGINES, recorded_engines
from devenv.runtime.ownership.marks import folder_is_gone, look_at_all
from devenv.runtime.ownership.ownership import KindCluster

_HOST_STATE = "_host"
_ATTIC = "removed"
"""Where states are put by `--fix`, below the state of the host."""

CLUSTER = Kind(
    "cluster-abandoned",
    Severity.WARNING,
    "A cluster's project is gone",
    "it holds memory, disk and ports, and no folder is left to take it down from",
    "The folder that a cluster was made for, on this machine, is not there any more. It may have been moved: then "
    "`devenv up --adopt` in its new place takes the cluster over. To take the cluster away, with all data in it, "
    "run what is shown.",
)
NETWORK = Kind(
    "network-left",
    Severity.NOTE,
    "A network of a cluster is left that is gone",
    "it keeps one of the engine's subnets",
    "It has a project's label, and no container of that project's cluster is there; no run holds the project's "
    "lock. `--fix` removes it; `up` makes it anew.",
)
LOCK = Kind(
    "lock-left",
    Severity.NOTE,
    "The lock of a run that is over is left",
    "the next run of that project waits for a moment, and then removes it",
    "The process that a lock's container names has ended, and the engine has not removed the container: it was "
    "restarted, or killed.",
)
STATE = Kind(
    "state-left",
    Severity.NOTE,
    "The state of an environment is left that is gone",
    "`devenv down --purge` keeps images and caches for it",
    "`~/.local/state/devenv` has a kubeconfig for a project of which this engine, the only one that the project "
    "was up in, holds no cluster: the engine's data were removed. `--fix` moves it to `_host/removed` beside it.",
)


@dataclass(frozen=True, slots=True)
class State:
    """What is kept of a project."""

    folder: Path
    engines: tuple[str, ...]
    """IDs of those that it was brought up in; empty where that cannot be read."""

    @property
    def project(self) -> str:
        return self.folder.name


@dataclass(frozen=True, slots=True)
class LeftoverFacts:
    """What the engine and the state folder have."""

    engine: str
    """Its ID."""
    clusters: tuple[KindCluster, ...]
    gone: frozenset[str]
    """The clusters' projects whose folders were on this machine, and are not any more."""
    networks: tuple[NetworkInfo, ...]
    """Those that are labelled as a project's."""
    locks: tuple[ContainerInfo, ...]
    over: frozenset[str]
    """Names of the locks whose runs are over."""
    states: tuple[State, ...]


def observe(subject: Subject) -> LeftoverFacts:
    engine = subject.engine.get()
    # In this order: whoever made one of the first two holds a lock then, or has a cluster by the time of the last.
    states = tuple(_states(state_root(create=False)))
    networks = tuple(network for network in engine.networks.list() if _is_ours(network.labels))
    locks = engine.containers.list({LABEL_LOCK: ""})
    clusters = look_at_all(engine)
    return LeftoverFacts(
        engine=subject.version.get().id,
        clusters=tuple(clusters),
        gone=frozenset(c.names.project for c in clusters if c.owner and folder_is_gone(c.owner)),
        networks=networks,
        locks=tuple(locks),
        over=frozenset(lock.name for lock in locks if is_over(lock.labels.get(LABEL_PROCESS, ""))),
        states=states,
    )


def judge(facts: LeftoverFacts) -> Iterator[Finding]:
    running = {cluster.names.project for cluster in facts.clusters}
    at_work = {lock.labels.get(LABEL_PROJECT, "") for lock in facts.locks if lock.name not in facts.over}
    for cluster in facts.clusters:
        if cluster.names.project in facts.gone:
            names = " ".join(container.name for container in cluster.containers)
            remedy = f"docker rm --force --volumes {names}; docker network rm {cluster.names.network}"
            yield CLUSTER.found(f"{cluster.names.cluster} belongs to {cluster.owner}, which is not there", remedy)
    for network in facts.networks:
        if network.labels[LABEL_PROJECT] not in running | at_work:
            yield _network(network)
    for lock in facts.locks:
        if lock.name in facts.over:
            yield LOCK.found(f"{lock.name}, whose process has ended", f"docker rm --force {lock.name}")
    for state in facts.states:
        if set(state.engines) == {facts.engine} and state.project not in running | at_work:
            yield _state(state)


def _network(network: NetworkInfo) -> Finding:
    labels = " ".join(shlex.join(["--label", f"{key}={value}"]) for key, value in network.labels.items())
    remove = ("docker", "network", "rm", network.name)
    fix = Fix(f"Remove network {network.name}", (remove,), f"docker network create {labels} {network.name}")
    return NETWORK.found(f"{network.name}, and no container of its cluster", fix.typed, fix=fix)


def _state(state: State) -> Finding:
    attic = state.folder.parent / _HOST_STATE / _ATTIC
    target = attic / state.project
    commands = (("mkdir", "-p", str(attic)), ("mv", "--no-target-directory", str(state.folder), str(target)))
    undo = shlex.join(["mv", "--no-target-directory", str(target), str(state.folder)])
    fix = Fix(f"Move {state.folder} to {target}", commands, undo)
    return STATE.found(f"{state.folder}, and no cluster {Names(state.project).cluster}", fix.typed, fix=fix)


def _is_ours(labels: Mapping[str, str]) -> bool:
    return OURS.items() <= labels.items() and bool(labels.get(LABEL_PROJECT))


def _states(root: Path) -> Iterator[State]:
    """The states in which an environment is recorded; logs alone are those of a first `up` that failed."""
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        if folder.name != _HOST_STATE and any(folder.glob(f"{KUBECONFIG}*")):
            yield State(folder, tuple(_engines(folder)))


def _engines(folder: Path) -> Collection[str]:
    try:
        return recorded_engines(folder) if (folder / ENGINES).is_file() else ()
    except DamagedFileError:
        return ()


CHECK = Check("what earlier runs have left", observe, judge, (CLUSTER, NETWORK, LOCK, STATE))
