"""What an import gives, whatever tool it was written for: parts of a devenv.yaml, stacks, problems and notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.imports.note import Note
from devenv.spec.read.drafts import StackDraft
from devenv.spec.read.seed_files import StackSecret
from devenv.spec.yaml.positions import Node

SECTIONS = ("services", "databases", "images", "tasks")
"""Keys of devenv.yaml, mappings by name, to which an import may add entries."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What one import, or all of them, come to."""

    sections: Mapping[str, Mapping[str, Node]] = field(default_factory=dict)
    """Entries of `SECTIONS` by name, as devenv.yaml would have them. Each node says in `file` where it was written, and
    has its line and label there, so that what is wrong is told at its place. Paths are relative to devenv.yaml."""
    stacks: tuple[StackDraft, ...] = ()
    """Stacks that are no services."""
    secrets: tuple[StackSecret, ...] = ()
    """What LocalStack is seeded with for its services, under what the project's own seeds say."""
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()
    inputs: tuple[Path, ...] = ()
    """Every file that was read, absolute."""
