"""The project that a command is about, loaded with the stacks that others keep for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from devenv.adapters.files import paths
from devenv.errors import SpecError
from devenv.spec.load import load_workspace
from devenv.spec.read.discover import find_project
from devenv.spec.sources.declared import declared_sources
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
    try:
        return read_project(directory, data_root=session.data_root, profile=profile)
    except SpecError:
        if _KEY not in find_project(directory).read_bytes():
            raise
        # What speaks with registries takes long to load, and is seldom needed.
        from devenv.workflows.access.fetching import fetch_missing  # noqa: PLC0415

        if not fetch_missing(declared_sources(directory), session):
            raise
    return read_project(directory, data_root=session.data_root, profile=profile)
