"""The project that a command is about, loaded with the stacks that others keep for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from devenv.adapters.files import paths
from devenv.events import Noted
from devenv.spec.load import load_workspace
from devenv.spec.read.discover import find_project
from devenv.spec.sources.declared import declared_sources
from devenv.spec.sources.locked_source import locked_as
from devenv.spec.sources.reading import why_unusable
from devenv.spec.workspace import Workspace

if TYPE_CHECKING:  # the client of the engine would slow commands down that only read
    from devenv.workflows.access.session import Session

_KEY = b"stack_sources"


def read_project(directory: Path, *, data_root: Path | None = None, profile: str | None = None) -> Workspace:
    """Load a project with what this machine has of its sources: nothing is fetched.

    Raises:
        ProjectNotFoundError: there is no devenv.yaml.
        SpecError: with every problem of every file; a source that is not here is one.
    """
    root = data_root or paths.data_root()
    return load_workspace(directory, data_root=root, sources=paths.sources_dir(create=False), profile=profile)


def load_project(directory: Path, session: Session, *, profile: str | None = None) -> Workspace:
    """Load a project; what `devenv.lock` names of its sources is fetched first where this machine has not got it.

    Raises:
        ProjectNotFoundError: there is no devenv.yaml.
        SpecError: with every problem of every file.
        DownloadError: a source cannot be fetched.
    """
    if _KEY in find_project(directory).read_bytes():
        declared = declared_sources(directory)
        for source in declared.sources:
            locked = locked_as(source, declared.lock.sources)
            if locked and why_unusable(locked, paths.sources_dir(create=False)):
                # What speaks with registries takes long to load, and is seldom needed.
                from devenv.workflows.access.fetching import fetch_locked  # noqa: PLC0415

                session.emit(Noted(f"fetching the stacks of {source.name}"))
                fetch_locked(source, locked, declared, session)
    return read_project(directory, data_root=session.data_root, profile=profile)
