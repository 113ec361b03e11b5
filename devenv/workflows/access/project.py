"""The project that a command is about, loaded with the stacks that others keep for it."""

from __future__ import annotations

from pathlib import Path

from devenv.adapters.files.paths import sources_dir
from devenv.events import Noted
from devenv.spec.load import load_workspace
from devenv.spec.read.discover import find_project
from devenv.spec.sources.declared import declared_sources
from devenv.spec.sources.locked_source import locked_as
from devenv.spec.sources.reading import why_unusable
from devenv.spec.workspace import Workspace
from devenv.workflows.access.session import Session

_KEY = b"stack_sources"


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
            if locked and why_unusable(locked, sources_dir(create=False)):
                # What speaks with registries takes long to load, and is seldom needed.
                from devenv.workflows.access.fetching import fetch_locked  # noqa: PLC0415

                session.emit(Noted(f"fetching the stacks of {source.name}"))
                fetch_locked(source, locked, declared, session)
    return load_workspace(directory, data_root=session.data_root, sources=sources_dir(create=False), profile=profile)
