"""Who is examined: the machine, its engine, and the project where there is one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import cache_dir, data_root, state_dir
from devenv.adapters.host.system import observe_host
from devenv.adapters.process import as_started
from devenv.errors import SpecError
from devenv.images.catalogue.presence import present_references
from devenv.plan.image import Image
from devenv.plan.provision import usable
from devenv.runtime.doctor.check import Once, Project, Subject
from devenv.runtime.environment import Environment
from devenv.runtime.observe.stack_inputs import images_of, is_licensed
from devenv.runtime.ownership.marks import look
from devenv.spec.versions import NODE
from devenv.spec.workspace import Workspace

_PATIENCE = 3
"""Seconds for the engine's first answer."""


def subject_on(
    engine: Once[Engine],
    workspace: Workspace | None,
    *,
    broken: SpecError | None = None,
    ask_network: bool = False,
    environ: Mapping[str, str] | None = None,
) -> Subject:
    """The machine with an engine, and a project in it.

    `environ` is the user's; where it is not given, what this process was started with.
    """
    return Subject(
        host=observe_host(),
        root=os.geteuid() == 0,
        engine=engine,
        version=Once(lambda: engine.get().version()),
        project=_project(engine, workspace) if workspace else None,
        broken=broken,
        ask_network=ask_network,
        environ=as_started() if environ is None else environ,
    )


def reachable_engine() -> Once[Engine]:
    """The engine that answers within a moment, where one does."""
    return Once(lambda: Engine.connect(patience=_PATIENCE))


def _project(engine: Once[Engine], workspace: Workspace) -> Project:
    environment = Once(lambda: _environment(engine.get(), workspace))
    cluster = Once(lambda: look(engine.get(), environment.get().names))

    def lacking() -> tuple[Image, ...]:
        return _lacking(environment.get()) if cluster.get().state.is_to_be_made else ()

    def kubeconfig() -> Path:
        environment.get().export_kubeconfig()
        return environment.get().kubeconfig

    return Project(workspace, environment, cluster, Once(kubeconfig), Once(lacking))


def _environment(engine: Engine, workspace: Workspace) -> Environment:
    return Environment(
        workspace=workspace,
        engine=engine,
        data=data_root(),
        state=state_dir(workspace.project.project, create=False),
        cache=cache_dir(create=False),
        mask=_reveal_nothing,
    )


def _reveal_nothing(*_: str) -> None:
    """No secret is read."""


def _lacking(environment: Environment) -> tuple[Image, ...]:
    """The images that making the environment takes and the engine has not."""
    workspace = environment.workspace
    specs = [workspace.stacks[name].spec for name in workspace.selected]
    used = [images_of(spec, licensed=is_licensed(spec, os.environ)).values() for spec in specs]
    names = list(dict.fromkeys([*(name for images in used for name in images), NODE]))
    described = environment.catalogue.described(names)
    present = present_references(environment.engine, described.values())
    return tuple(described[name] for name in names if not present & frozenset(usable(described[name], "auto")))
