"""What loading a project gives: everything that was written for it, checked and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devenv.spec.imports.note import Note
from devenv.spec.model import Values
from devenv.spec.project import ProjectSpec
from devenv.spec.seeds import Seeds
from devenv.spec.sources.locked_source import LockedSource
from devenv.spec.stack import StackSpec
from devenv.spec.versions import Digest, Versions

LOCK_FILE = "devenv.lock"


@dataclass(frozen=True, slots=True)
class Locked:
    """What the lock of a project says, and where."""

    images: Mapping[str, Digest] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    """Upstream reference to the file and line of its digest."""
    sources: tuple[LockedSource, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadedStack:
    """One stack with its folder."""

    spec: StackSpec
    root: Path
    """The stack's folder, absolute."""
    builtin: bool
    """Shipped with devenv, not the project's own."""
    profile_values: Mapping[str, Values] = field(default_factory=dict)
    """Content of `values/<profile>.yaml`, by profile, of those files that exist."""
    file_values: Values = field(default_factory=dict)
    """Content of `values_files`, each over those before it."""
    written: StackSpec | None = None
    """The stack without what it has more of in this project; None where nobody asks for it."""
    source: str = ""
    """The one of `stack_sources` that it comes from, for people; empty for all others."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A project, the stacks that it can use, and the catalogue of versions."""

    project: ProjectSpec
    root: Path
    """The folder of devenv.yaml, absolute."""
    stacks: Mapping[str, LoadedStack]
    """All stacks by name, chosen or not; a project's stack replaces a built-in one of the same name."""
    selected: tuple[str, ...]
    """The chosen stacks and what they need, each after its needs, by layer where that leaves a choice."""
    versions: Versions
    seeds: Seeds
    """The built-in AWS seeds with the project's merged over them."""
    charts: Path = Path()
    """The folder with the charts that devenv ships for stacks to share."""
    lock: Locked = field(default_factory=Locked)
    """What devenv.lock says; `versions` has its digests."""
    inputs: tuple[Path, ...] = ()
    """Every file that was read to make this, absolute."""

    notes: tuple[Note, ...] = ()
    """What imports have that is not carried over."""
    imported: Mapping[str, Path] = field(default_factory=dict)
    """Services, databases and stacks that come from imports, each with the file that it is written in."""

    def chosen_values(self, stack: str) -> Values:
        """The values that the project gives a stack; empty for a stack that is only needed by others."""
        return next((choice.values for choice in self.project.stacks if choice.name == stack), {})
