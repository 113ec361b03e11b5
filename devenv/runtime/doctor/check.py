"""A check: what is looked at, and what is made of it, apart from each other.

Responsible for what checks are given. They are run by `devenv.runtime.doctor.examine`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from devenv.adapters.docker import Engine, EngineVersion
from devenv.adapters.host.system import Host
from devenv.errors import DevenvError, EngineUnavailableError, SpecError, UnfitEngineError
from devenv.plan.image import Image
from devenv.runtime.doctor.finding import Finding, Kind
from devenv.runtime.environment import Environment
from devenv.runtime.ownership.ownership import KindCluster
from devenv.spec.workspace import Workspace

Answer = TypeVar("Answer")
Facts = TypeVar("Facts")


class Once(Generic[Answer]):
    """Something that several checks ask for, and that is asked once: the first has it asked, the others wait."""

    def __init__(self, ask: Callable[[], Answer]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answer: tuple[Answer] | None = None
        self._error: DevenvError | None = None

    def get(self) -> Answer:
        """The answer; raises the DevenvError that came instead, each time."""
        with self._lock:
            if self._error:
                raise self._error
            if self._answer is None:
                try:
                    self._answer = (self._ask(),)
                except DevenvError as error:
                    self._error = error
                    raise
            return self._answer[0]


@dataclass(frozen=True, slots=True)
class Project:
    """The project that is examined, where there is one."""

    workspace: Workspace
    environment: Once[Environment]
    """Raises EngineUnavailableError where no engine answers."""
    cluster: Once[KindCluster]
    """What the engine holds of it."""
    kubeconfig: Once[Path]
    """As its cluster has it now; raises ClusterError where it has none."""
    lacking: Once[tuple[Image, ...]]
    """The images of its stacks that the engine has not."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is examined."""

    host: Host
    root: bool
    """Whether this user is root, who may mend limits."""
    engine: Once[Engine]
    version: Once[EngineVersion]
    project: Project | None = None
    """None outside of projects: then only checks of the host and the engine say something."""
    broken: SpecError | None = None
    """What is wrong with the project, where that is why there is none."""
    ask_network: bool = False
    """Whether registries are asked though nothing has to be fetched."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """The user's: devenv's own has this machine exempt from proxies."""

    @property
    def makes_cluster(self) -> bool:
        """Whether `devenv up` would make the cluster, as far as an engine tells."""
        try:
            return self.project is None or self.project.cluster.get().state.is_to_be_made
        except (EngineUnavailableError, UnfitEngineError):
            return True


@dataclass(frozen=True, slots=True)
class Check(Generic[Facts]):
    """One look at something."""

    name: str
    """What is looked at, for who waits for it in vain: `the resolver`."""
    observe: Callable[[Subject], Facts]
    """Reads; raises DevenvError where it cannot."""
    judge: Callable[[Facts], Iterable[Finding]]
    """Pure."""
    kinds: tuple[Kind, ...]
    """Of all that it may find."""
    before_up: bool = False
    """Whether `devenv up` looks at it before it makes a cluster: it decides whether one can work, and takes no time."""
