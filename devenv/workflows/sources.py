"""`devenv sources`: stacks that others keep, which state of each is used, and what they have by now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.files.paths import sources_dir
from devenv.adapters.files.records import write_whole
from devenv.spec.lock import lock_text
from devenv.spec.sources.declared import DeclaredSources, declared_sources
from devenv.spec.sources.locked_source import LockedSource, locked_as
from devenv.spec.sources.reading import why_unusable
from devenv.spec.sources.stack_source import StackSource
from devenv.spec.workspace import LOCK_FILE
from devenv.workflows.access.fetching import fetch_missing, fetch_source
from devenv.workflows.access.session import Session


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One of `stack_sources`."""

    source: str
    pin: str
    """The commit or digest that is used; empty for a folder, and where nothing is locked."""
    state: str

    def as_dict(self) -> dict[str, str]:
        """The row as JSON-ready data."""
        return {"source": self.source, "pin": self.pin, "state": self.state}


def list_sources(directory: Path) -> list[SourceRow]:
    """What the project's sources are locked to, and whether this machine has that; asks nobody else."""
    declared = declared_sources(directory)
    return [_present(source, declared) for source in declared.sources]


def fetch_sources(directory: Path, session: Session) -> list[SourceRow]:
    """Have on this machine what devenv.lock names of each source.

    Raises:
        SpecError: devenv.yaml or devenv.lock is wrong.
        DownloadError: one cannot be fetched, or holds something else than the lock says.
    """
    declared = declared_sources(directory)
    fetch_missing(declared, session)
    return [_present(source, declared) for source in declared.sources]


def update_sources(directory: Path, session: Session) -> list[SourceRow]:
    """Fetch each source as it is now, and write that into devenv.lock, all or nothing.

    Raises:
        SpecError: devenv.yaml or devenv.lock is wrong.
        DownloadError: one cannot be fetched; the lock stays as it was.
    """
    declared = declared_sources(directory)
    rows, made = list[SourceRow](), list[LockedSource]()
    for source in declared.sources:
        if not source.is_fetched:
            rows.append(_present(source, declared))
            continue
        former = locked_as(source, declared.lock.sources)
        new = fetch_source(source, declared, session)
        made.append(new)
        rows.append(SourceRow(source.name, new.pin, _change(former, new)))
    if tuple(made) != declared.lock.sources:
        write_whole(declared.root / LOCK_FILE, lock_text(declared.lock.images, made))
    return rows


def _change(former: LockedSource | None, new: LockedSource) -> str:
    if former is None:
        return "recorded"
    return "unchanged" if former == new else f"was {former.pin.removeprefix('sha256:')[:12]}"


def _present(source: StackSource, declared: DeclaredSources) -> SourceRow:
    if not source.is_fetched:
        return SourceRow(source.name, "", "as it is")
    locked = locked_as(source, declared.lock.sources)
    if locked is None:
        return SourceRow(source.name, "", "not locked")
    return SourceRow(source.name, locked.pin, why_unusable(locked, sources_dir(create=False)) or "fetched")
