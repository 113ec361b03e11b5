"""`devenv load`: images of the engine into every node of the project's cluster."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.errors import ImageError
from devenv.images.catalogue.presence import present_references
from devenv.images.load.loader import LoadReport
from devenv.plan.cluster_state import ClusterState
from devenv.plan.parts import plan_load
from devenv.plan.provision import usable
from devenv.runtime.environment import Environment
from devenv.runtime.ownership.marks import look
from devenv.runtime.ownership.ownership import running_nodes
from devenv.runtime.run_state import RunState
from devenv.runtime.toolbox import Toolbox
from devenv.spec.image_reference import Reference
from devenv.spec.read.wording import did_you_mean
from devenv.workflows.access.claim import require_own_folder
from devenv.workflows.access.connect import connect
from devenv.workflows.access.exclusive import exclusive
from devenv.workflows.access.project import load_project
from devenv.workflows.access.running import not_running
from devenv.workflows.access.session import Session
from devenv.workflows.run.conclusion import RunInfo
from devenv.workflows.run.execution import perform


@dataclass(frozen=True, slots=True)
class LoadedImage:
    """One image, which every node holds now."""

    name: str
    """As the user named it."""
    reference: str
    nodes: tuple[str, ...]
    report: LoadReport

    def as_dict(self) -> dict[str, object]:
        """The image as JSON-ready data."""
        return {
            "name": self.name,
            "reference": self.reference,
            "nodes": list(self.nodes),
            "unchanged": list(self.report.unchanged),
            "sent_bytes": self.report.sent_bytes,
            "sent_layers": self.report.sent_layers,
            "seconds": round(self.report.seconds, 3),
        }


def load_images(directory: Path, images: Sequence[str], session: Session) -> list[LoadedImage]:
    """Load images into all nodes, several at once; only the layers that a node lacks travel.

    Args:
        directory: where devenv.yaml is looked for.
        images: references of the engine's images, or names of devenv.yaml or the catalogue.
        session: events and cancellation.

    Raises:
        ImageError: the engine has no such image.
        ClusterError: the project's cluster does not run.
        RunFailedError: an image could not be loaded; each failure was reported as an event.
    """
    began = time.monotonic()
    workspace = load_project(directory, session)
    environment = connect(workspace, session, agreed=False)
    with exclusive(environment.engine, workspace.project.project, session):
        return _load(environment, images, session, began)


def _load(environment: Environment, images: Sequence[str], session: Session, began: float) -> list[LoadedImage]:
    nodes = tuple(_running_nodes(environment))
    references = {name: _reference(environment, name) for name in images}
    log = session.open_log(environment.state / "logs")
    state = RunState(Toolbox(environment.kubeconfig))
    plan = plan_load(environment.names, references)
    perform(plan, environment, state, session, RunInfo(began, log), again="devenv load")
    return [LoadedImage(name, reference, nodes, state.loaded[name]) for name, reference in references.items()]


def _running_nodes(environment: Environment) -> list[str]:
    """The node containers of the project's own, running cluster; raises ClusterError where there is none."""
    names = environment.names
    kind_cluster = look(environment.engine, names)
    require_own_folder(kind_cluster, environment.owner)
    if kind_cluster.state is not ClusterState.RUNNING:
        raise not_running(names, kind_cluster.state)
    return running_nodes(kind_cluster.containers)


def _reference(environment: Environment, name: str) -> str:
    """What a name of devenv.yaml or the catalogue stands for in the engine, else the reference itself."""
    catalogue, engine = environment.catalogue, environment.engine
    if catalogue.is_local(name):
        own = catalogue[name].own or ""
        if not engine.images.ids([own]):
            raise ImageError(f"image {name} has not been built from its present sources", hint=f"devenv build {name}")
        return own
    if name in catalogue.names():
        image = catalogue[name]
        there = present_references(engine, [image])
        if found := [reference for reference in usable(image, "auto") if reference in there]:
            return found[-1]
        raise ImageError(f"image {name} is not in the engine", hint="devenv up")
    Reference.parse(name)
    if not engine.images.ids([name]):
        raise ImageError(f"the engine has no image {name}", hint=_hint(engine, name, catalogue.names()))
    return name


def _hint(engine: Engine, name: str, known: Sequence[str]) -> str:
    tags = [tag for image in engine.images.list() for tag in image.references]
    return did_you_mean(name, [*known, *tags]) or "docker image ls; images of devenv.yaml are built by: devenv build"
