"""Whose a project's cluster is, and whether it ever was complete, as far as the engine alone tells. Pure.

Two things tell it. The network that devenv makes before the first node carries the project and its owner from the
beginning on, in labels that cannot be changed. Every container of the cluster gets a mark once the cluster is complete:
a file, so that it is there while the cluster is stopped, when the API's data is lost and when the network is pruned,
and so that another owner can be written into it.

Apart from what asks the cluster itself: commands that only need its nodes do without the libraries for that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Self

from devenv.adapters.docker import ContainerInfo
from devenv.labels import LABEL_FOLDER, LABEL_HOST, LABEL_MACHINE, LABEL_PLACE, LABEL_PROJECT, LABEL_USER
from devenv.plan.cluster_state import ClusterState
from devenv.plan.names import Names
from devenv.spec.project import CONTROL_PLANE

KIND_CLUSTER_LABEL = "io.x-k8s.kind.cluster"
KIND_ROLE_LABEL = "io.x-k8s.kind.role"
_BALANCER = "external-load-balancer"


@dataclass(frozen=True, slots=True)
class Owner:
    """The folder whose project a cluster is, and who made it or took it over."""

    folder: str
    """Absolute path of the folder with devenv.yaml, as its user sees it."""
    host: str
    """Name of the machine (or container) that the folder is on."""
    user: str
    place: str = ""
    """Where the folder lies whatever it is mounted as; empty where that is not known, as to earlier versions."""
    machine: str = ""
    """What tells the machine from others whatever it is called; empty as above."""

    def __str__(self) -> str:
        return f"{self._seen} of {self.user} on {self.host}"

    @property
    def location(self) -> str:
        """The folder and its machine, in words."""
        return f"{self._seen} on {self.host}"

    @property
    def _seen(self) -> str:
        plain = not self.place or self.place.startswith(f"{self.folder} on ")
        return self.folder if plain else f"{self.folder} ({self.place})"

    def has_folder_of(self, other: Self) -> bool:
        """Whether both are the same folder, whoever works in it."""
        return _same((self.place, self.folder), (other.place, other.folder)) and _same(
            (self.machine, self.host), (other.machine, other.host)
        )

    def is_as_complete_as(self, other: Self) -> bool:
        """Whether place and machine are known of it where they are of the other: to earlier versions they were not."""
        return bool(self.place) >= bool(other.place) and bool(self.machine) >= bool(other.machine)

    @property
    def labels(self) -> dict[str, str]:
        """As labels of what is made for it."""
        return {
            LABEL_FOLDER: self.folder,
            LABEL_HOST: self.host,
            LABEL_USER: self.user,
            LABEL_PLACE: self.place,
            LABEL_MACHINE: self.machine,
        }

    @classmethod
    def of_labels(cls, labels: Mapping[str, str]) -> Self | None:
        """The owner that labels name; None where they name none, as those of earlier versions."""
        if LABEL_FOLDER not in labels:
            return None
        rest = (labels.get(name, "") for name in (LABEL_HOST, LABEL_USER, LABEL_PLACE, LABEL_MACHINE))
        return cls(labels[LABEL_FOLDER], *rest)


def _same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two are the same by what tells them apart for certain, and by name where one of them lacks that."""
    return one[0] == other[0] if one[0] and other[0] else one[1] == other[1]


@dataclass(frozen=True, slots=True)
class Mark:
    """What devenv writes into a cluster's containers once the cluster is complete.

    That there is one shows that the cluster was complete, whatever is left of what it says.
    """

    project: str
    """Empty where the mark is damaged."""
    owner: Owner | None
    """None where the mark is damaged."""
    address: str = ""
    """Of the container in the cluster's network, when the mark was first written: where etcd's members expect it."""

    def to_json(self) -> str:
        """The mark as it is kept."""
        return json.dumps({**asdict(self), "about": "written by devenv: whose this cluster is"}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """The mark of its JSON, be it damaged: then it says nothing, and is a mark nevertheless."""
        try:
            read = json.loads(text)
            owner = Owner(**{field.name: str(read["owner"].get(field.name, "")) for field in fields(Owner)})
            mark = cls(str(read["project"]), owner, str(read.get("address", "")))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls("", None)
        return mark if owner.folder and mark.project else cls("", None)


@dataclass(frozen=True, slots=True)
class KindCluster:
    """A project's cluster as kind made it: what the engine has under its name, whatever runs inside."""

    names: Names
    containers: Sequence[ContainerInfo]
    """Those that are labelled as the cluster's: its nodes, and the load balancer of several control planes."""
    network: Mapping[str, str] | None
    """Labels of the project's network; None when there is no such network."""
    marks: Mapping[str, Mark]
    """Container to its mark, where it has one."""

    @property
    def state(self) -> ClusterState:
        """Absent, foreign, stopped, or running as far as one can see."""
        if not self.containers:
            return ClusterState.ABSENT
        if not all(self._is_ours(container) for container in self.containers):
            return ClusterState.FOREIGN
        running = all(container.state == "running" for container in self.containers)
        return ClusterState.RUNNING if running else ClusterState.STOPPED

    @property
    def owner(self) -> Owner | None:
        """Whose it is; None where that was never recorded, by an earlier version, or nothing that tells it is left."""
        recorded = next((mark.owner for mark in self.marks.values() if mark.owner), None)
        return recorded or Owner.of_labels(self.network or {})

    def says_of_all(self, owner: Owner) -> bool:
        """Whether every container has a mark that names this owner, by all that is known of it."""
        recorded = [mark.owner if (mark := self.marks.get(c.name)) else None for c in self.containers]
        return all(one and one.has_folder_of(owner) and one.is_as_complete_as(owner) for one in recorded)

    @property
    def never_complete(self) -> bool:
        """Whether the cluster provably was never complete: made by a version that marks, and no container has a mark.

        Where it is not known, this is false. Whoever holds the project's lock knows that the run is over which began
        to make it.
        """
        recorded = self.network is not None and LABEL_FOLDER in self.network
        return bool(self.containers) and recorded and not self.marks and self.state is not ClusterState.FOREIGN

    def _is_ours(self, container: ContainerInfo) -> bool:
        if mark := self.marks.get(container.name):
            return mark.project in ("", self.names.project)
        labelled = self.network is not None and self.network.get(LABEL_PROJECT) == self.names.project
        return labelled and self.names.network in container.networks


def is_node(container: ContainerInfo) -> bool:
    """Whether a container of a cluster is a node: the load balancer of several control planes is none."""
    return container.labels.get(KIND_ROLE_LABEL) != _BALANCER


def is_control_plane(container: ContainerInfo) -> bool:
    """Whether a container of a cluster runs its API."""
    return container.labels.get(KIND_ROLE_LABEL) == CONTROL_PLANE


def running_nodes(containers: Iterable[ContainerInfo]) -> list[str]:
    """Names of the nodes that run."""
    return [container.name for container in containers if container.state == "running" and is_node(container)]
