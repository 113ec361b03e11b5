"""Looking at what the engine holds of a project's cluster, and recording there whose it is.

Responsible for the files inside the cluster's containers; what they mean is decided in
`devenv.runtime.ownership.ownership`.
"""

from __future__ import annotations

import os
import platform
import pwd
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from devenv.adapters.docker import ContainerInfo, Engine
from devenv.adapters.host.machine import machine_id, place_of
from devenv.labels import OURS
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import Names
from devenv.runtime.ownership.ownership import KIND_CLUSTER_LABEL, KindCluster, Mark, Owner

_MARK = "/etc/devenv.json"
_AT_ONCE = 8


def look(engine: Engine, names: Names) -> KindCluster:
    """What the engine holds under the name of a project's cluster."""
    containers = engine.containers.list({KIND_CLUSTER_LABEL: names.cluster})
    return KindCluster(names, containers, engine.networks.labels(names.network), _read_marks(engine, containers))


def look_at_all(engine: Engine) -> list[KindCluster]:
    """The same for the cluster of each project that devenv made in this engine, by name."""
    networks = engine.networks.labelled(OURS)
    containers: dict[Names, list[ContainerInfo]] = {}
    for container in engine.containers.list({KIND_CLUSTER_LABEL: ""}):
        if names := Names.of_cluster(container.labels[KIND_CLUSTER_LABEL]):
            containers.setdefault(names, []).append(container)
    marks = _read_marks(engine, [container for found in containers.values() for container in found])
    clusters = [
        KindCluster(
            names, found, networks.get(names.network), {c.name: marks[c.name] for c in found if c.name in marks}
        )
        for names, found in sorted(containers.items(), key=lambda item: item[0].project)
    ]
    return [kind_cluster for kind_cluster in clusters if kind_cluster.state is not ClusterState.FOREIGN]


def record_owner(engine: Engine, names: Names, owner: Owner, former: KindCluster | None = None) -> None:
    """Mark every container of a complete cluster as the owner's; `former` is what was seen before, if anything.

    They have to run: only from within is a file replaced so that it never is missing or cut short.
    """
    known = former.marks if former else {}
    containers = engine.containers.list({KIND_CLUSTER_LABEL: names.cluster})

    def write(container: ContainerInfo) -> None:
        before = known.get(container.name)
        address = (before.address if before else "") or container.networks.get(names.network, "")
        text = Mark(names.project, owner, address).to_json().encode()
        engine.files.replace(container.name, _MARK, text)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(write, containers):
            continue


def owner_of(root: Path) -> Owner:
    """The owner of what is made for the project of a folder by this process."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())  # as in a container that was given a user's number alone
    return Owner(str(root.resolve()), platform.node(), user, place_of(root), machine_id())


def folder_is_gone(owner: Owner) -> bool:
    """Whether a folder was on this machine and is there no more: nobody can take its environment down from it.

    From within a container that was given the machine's identity it cannot be told, since other folders are there; nor
    of a folder below one that is closed to this user.
    """
    here = (owner.machine, owner.host) == (machine_id(), platform.node())
    return bool(owner.machine) and here and not _may_be_there(Path(owner.folder))


def _may_be_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except PermissionError:
        return True


def _read_marks(engine: Engine, containers: Sequence[ContainerInfo]) -> dict[str, Mark]:
    if not containers:
        return {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        texts = pool.map(lambda container: engine.files.read(container.name, _MARK), containers)
        found = zip(containers, texts, strict=True)
        return {container.name: Mark.from_json(text) for container, text in found if text is not None}
