"""Reaching an engine: the one that answers, or the distribution's, installed and started when the user agrees."""

from __future__ import annotations

from devenv.adapters.docker import Engine
from devenv.adapters.engine.service import provide_engine
from devenv.adapters.files.paths import cache_dir, state_dir
from devenv.adapters.host.system import observe_host
from devenv.errors import ChosenEngineError, EngineUnavailableError
from devenv.events import Noted
from devenv.runtime.environment import Environment
from devenv.spec.workspace import Workspace
from devenv.workflows.access.session import Session

_PATIENCE = 60
"""Seconds for an engine that was slow to answer, or was started just now."""
_QUESTION = "No container engine answers. Install and start your distribution's Docker engine?"


def connect(workspace: Workspace, session: Session, *, agreed: bool) -> Environment:
    """The project's environment on a reachable engine.

    Args:
        workspace: the project.
        session: asked before anything is installed.
        agreed: the user has agreed to an installation beforehand.

    Raises:
        EngineUnavailableError: no engine answers, and none may or can be installed here.
    """
    return environment_on(reach_engine(session, agreed=agreed), workspace, session)


def environment_on(engine: Engine, workspace: Workspace, session: Session, *, create: bool = True) -> Environment:
    """The project's environment on this engine; `create` makes the folders for its state where they are missing."""
    return Environment(
        workspace=workspace,
        engine=engine,
        data=session.data_root,
        state=state_dir(workspace.project.project, create=create),
        cache=cache_dir(create=create),
        mask=session.mask,
    )


def reach_engine(session: Session, *, agreed: bool) -> Engine:
    """The engine that answers, after installing or starting one where the user agrees.

    Raises:
        ChosenEngineError: no engine answers where the user says that one is; that is no reason to install another.
        EngineSilentError: one is there and does not answer; neither is that.
        EngineUnavailableError: no engine answers, and none may or can be installed here.
    """
    try:
        return Engine.connect()
    except ChosenEngineError:
        raise
    except EngineUnavailableError:
        host = observe_host()
        provide_engine(
            host,
            agree=lambda: agreed or (host.root and host.system == "linux" and session.confirm(_QUESTION)),
            progress=lambda message: session.emit(Noted(message)),
            cancel=session.cancel,
        )
    return Engine.connect(patience=_PATIENCE)
