"""The folders with stacks that `stack_sources` come to on this machine, or why they cannot be used.

Responsible for looking: nothing is fetched here, and what was fetched is used only as the lock names it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.read.discover import StackFolder, stacks_in
from devenv.spec.read.places import Boundary, PathProblem
from devenv.spec.sources.locked_source import LockedSource, locked_as
from devenv.spec.sources.stack_source import StackSource
from devenv.spec.sources.tree import tree_content
from devenv.spec.yaml.positions import Document, KeyPath


def source_stacks(
    sources: Iterable[StackSource], document: Document, locked: Iterable[LockedSource], fetched: Path | None
) -> tuple[list[StackFolder], list[Problem]]:
    """The stacks of a project's sources.

    Args:
        sources: as devenv.yaml has them.
        document: devenv.yaml.
        locked: what devenv.lock says of them.
        fetched: the folder with what was fetched, each in one that is named after its content.
    """
    found: list[StackFolder] = []
    problems: list[Problem] = []
    locked = tuple(locked)
    for index, source in enumerate(sources):
        at: KeyPath = ("stack_sources", index)
        folder = _fetched_folder(source, locked, fetched) if source.is_fetched else _local_folder(source, document)
        if isinstance(folder, PathProblem):
            problems.append(document.problem(at, folder.message, folder.hint))
            continue
        root, stacks = folder
        holding = stacks_in(stacks, Boundary(root, f"the stack source {source.name}"), source=source.name)
        if not holding:
            hint = "a stack is a file <layer>/<name>/stack.yaml below it; path says which folder is meant"
            problems.append(document.problem(at, f"{source.name} holds no stack", hint))
        found += holding
    return found, problems


def why_unusable(locked: LockedSource, fetched: Path | None) -> str:
    """Why what was fetched of a source cannot be used, in words; empty where it can."""
    root = fetched / locked.folder if fetched else None
    if root is None or not root.is_dir():
        return "has not been fetched on this machine"
    return "" if tree_content(root) == locked.content else f"was changed after it was fetched: {root}"


def _local_folder(source: StackSource, document: Document) -> tuple[Path, Path] | PathProblem:
    path = source.path or ""
    folder = Path(os.path.normpath(document.file.parent / path))
    found = Boundary(Path(folder.anchor), "this machine").look(document.file.parent, path, "folder")
    return found if isinstance(found, PathProblem) else (found, found)


def _fetched_folder(
    source: StackSource, locked: tuple[LockedSource, ...], fetched: Path | None
) -> tuple[Path, Path] | PathProblem:
    entry = locked_as(source, locked)
    if entry is None:
        return PathProblem(f"devenv.lock does not say which state of {source.name} is meant", "devenv sources update")
    reason = why_unusable(entry, fetched)
    if reason or fetched is None:
        return PathProblem(f"{source.name} {reason}", "devenv sources fetch")
    root = fetched / entry.folder
    found = Boundary(root, f"the stack source {source.name}").look(root, source.path or ".", "folder")
    return found if isinstance(found, PathProblem) else (root, found)
