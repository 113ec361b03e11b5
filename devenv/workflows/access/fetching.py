"""Stacks that others keep, brought into the cache: as they are now, or as `devenv.lock` names them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from devenv.adapters.files.paths import sources_dir
from devenv.adapters.files.scratch import scratch
from devenv.adapters.sources.artefact import fetch_artefact
from devenv.adapters.sources.repository import fetch_commit
from devenv.errors import ChecksumError
from devenv.events import Noted
from devenv.spec.image_reference import mirrored_at
from devenv.spec.sources.declared import DeclaredSources
from devenv.spec.sources.locked_source import LockedSource, locked_as
from devenv.spec.sources.reading import why_unusable
from devenv.spec.sources.stack_source import StackSource
from devenv.spec.sources.tree import tree_content
from devenv.workflows.access.session import Session


def fetch_missing(declared: DeclaredSources, session: Session) -> bool:
    """Have on this machine what the lock names; whether there was anything to fetch.

    Raises:
        DownloadError: a source cannot be fetched.
        ChecksumError: one holds something else than the lock says.
    """
    fetched = False
    for source in declared.sources:
        locked = locked_as(source, declared.lock.sources)
        if locked and why_unusable(locked, sources_dir(create=False)):
            session.emit(Noted(f"fetching the stacks of {source.name}"))
            _fetch_locked(source, locked, declared, session)
            fetched = True
    return fetched


def fetch_source(
    source: StackSource, declared: DeclaredSources, session: Session, *, commit: str | None = None
) -> LockedSource:
    """Fetch a source, the commit of a repository where one is given; what it came to. Raises DownloadError."""
    with scratch() as held:
        folder = held / "files"
        folder.mkdir()
        if source.git:
            commit = fetch_commit(source.git, source.ref, folder, commit=commit, cancel=session.cancel)
        elif source.oci:
            reference = mirrored_at(declared.mirrors, source.oci) or source.oci
            fetch_artefact(reference, folder, cancel=session.cancel)
        made = LockedSource(git=source.git, ref=source.ref, commit=commit, oci=source.oci, content=tree_content(folder))
        _put(folder, sources_dir() / made.folder, held, lambda: not why_unusable(made, sources_dir()))
    return made


def _fetch_locked(source: StackSource, locked: LockedSource, declared: DeclaredSources, session: Session) -> None:
    """Have on this machine what the lock names, and nothing else; raises DownloadError and ChecksumError."""
    found = fetch_source(source, declared, session, commit=locked.commit)
    if found.content != locked.content:
        raise ChecksumError(
            f"{source.name} holds something else than devenv.lock says, under the same name {locked.pin[:19]}",
            context={"expected": locked.content, "fetched": found.content},
            hint="look who changed devenv.lock: git log devenv.lock; to use what it has now: devenv sources update",
        )


def _put(folder: Path, place: Path, held: Path, is_there: Callable[[], bool]) -> None:
    """Move what was fetched to its place at once; one that was changed there goes, another run's stays."""
    if is_there():
        return
    if place.exists():
        place.rename(held / "former")
    try:
        folder.rename(place)
    except OSError:
        if not is_there():
            raise
