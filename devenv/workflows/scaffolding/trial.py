"""A sketched project is tried beside the folder that it is for, and what would be wrong with it is left out.

Responsible for what remains of a sketch. Nothing is written to the folder itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from devenv.adapters.files.new_files import written_new
from devenv.adapters.files.scratch import scratch
from devenv.errors import Problem, SpecError
from devenv.scaffold.document import document
from devenv.scaffold.found.sketching import sketch_of_folder
from devenv.scaffold.found.tree import LARGEST, Tree, look
from devenv.scaffold.sketch import Left, Sketch
from devenv.spec.catalogue import load_versions
from devenv.spec.checks.migration_files import require_sound_migrations
from devenv.spec.checks.stack_contents import require_sound_contents
from devenv.spec.imports.note import Note
from devenv.spec.read.discover import PROJECT_FILE, builtin_stacks
from devenv.spec.workspace import Workspace
from devenv.workflows.access.project import read_project

_ROUNDS = 20
"""How often something may be left out that would be wrong, before that is told instead."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder holds."""

    tree: Tree
    stack_names: Collection[str]
    images: Collection[str]

    def sketch(self, project: str, *, imports: bool = True) -> Sketch:
        """The project that it is."""
        return sketch_of_folder(self.tree, project, stack_names=self.stack_names, images=self.images, imports=imports)


def find(root: Path, data_root: Path) -> Found:
    """Look at a folder."""
    stacks = {stack.name for stack in builtin_stacks(data_root)}
    return Found(look(root), stacks, load_versions().images.keys())


def without_what_is_wrong(found: Found, project: str, data_root: Path) -> Sketch:
    """The project that a folder holds, without what would be wrong in it, which is told.

    Raises:
        SpecError: all of it would be wrong.
    """
    sketch = found.sketch(project)
    for _ in range(_ROUNDS):
        try:
            notes = _tried(sketch, found.tree, data_root)
        except SpecError as error:
            sketch = _without(sketch, error, found)
        else:
            return replace(sketch, left=(*sketch.left, *(_of_note(note) for note in notes)))
    return sketch


def _tried(sketch: Sketch, tree: Tree, data_root: Path) -> tuple[Note, ...]:
    """What imports do not carry over.

    Raises:
        SpecError: with every problem that the project would have, its files relative to the project's folder.
    """
    with scratch() as folder:
        _mirror(tree, folder)
        try:
            with written_new(folder, files_of(sketch)):
                workspace = require_sound(folder, data_root)
        except SpecError as error:
            raise SpecError([replace(each, file=_relative(each.file, folder)) for each in error.problems]) from None
        return tuple(replace(note, file=_relative(note.file, folder)) for note in workspace.notes)


def _relative(file: Path, folder: Path) -> Path:
    return file.relative_to(folder) if file.is_relative_to(folder) else file


def require_sound(folder: Path, data_root: Path) -> Workspace:
    """The project of a folder.

    Raises:
        SpecError: with everything that is wrong with it.
    """
    workspace = read_project(folder, data_root=data_root)
    used = [workspace.stacks[name] for name in workspace.selected]
    require_sound_contents(used)
    require_sound_migrations(used)
    return workspace


def _without(sketch: Sketch, error: SpecError, found: Found) -> Sketch:
    """The sketch without what is wrong with it.

    Raises:
        SpecError: that cannot be told, or nothing would remain.
    """
    culprits = {culprit: problem for problem in reversed(error.problems) if (culprit := _culprit(sketch, problem))}
    if not culprits:
        raise error
    rest = sketch
    for (kind, name), problem in culprits.items():
        left = Left(_origin(sketch, kind, name, problem), problem.line, f"{name}: {problem.message}", problem.hint)
        if kind == "imports":
            return _with_left(found.sketch(sketch.project, imports=False), (*sketch.left, left), error)
        rest = rest.without(kind, name, left)
    return _with_left(rest, (), error)


def _with_left(sketch: Sketch, left: tuple[Left, ...], error: SpecError) -> Sketch:
    if sketch.empty:
        raise error
    return replace(sketch, left=tuple(dict.fromkeys((*left, *sketch.left))))


def _culprit(sketch: Sketch, problem: Problem) -> tuple[str, str] | None:
    """The kind and name of what a problem is of."""
    if problem.file == Path(PROJECT_FILE):
        kind, _, rest = problem.key.partition(".")
        if kind in ("services", "databases"):
            name = rest.partition(".")[0]
            return (kind, name) if name in _names(sketch, kind) else None
    for entry in sketch.databases:
        if PurePosixPath(problem.file).is_relative_to(entry.origin):
            return "databases", entry.name
    stack = next((name for name in sketch.stacks if name in problem.file.parts[2:-1]), None)
    if stack:
        return "stacks", stack
    return ("imports", next(iter(sketch.imports[0].values()))) if sketch.imports else None


def _names(sketch: Sketch, kind: str) -> Iterator[str]:
    return (entry.name for entry in (sketch.services if kind == "services" else sketch.databases))


def _origin(sketch: Sketch, kind: str, name: str, problem: Problem) -> PurePosixPath:
    """Where a reader finds what is wrong: devenv.yaml is not there yet."""
    if problem.file != Path(PROJECT_FILE):
        return PurePosixPath(problem.file)
    entries = {"services": sketch.services, "databases": sketch.databases}.get(kind, ())
    return next((each.origin for each in entries if each.name == name), PurePosixPath(name))


def _of_note(note: Note) -> Left:
    return Left(PurePosixPath(note.file), note.line, f"{note.key}: {note.message}", note.instead)


def files_of(sketch: Sketch) -> dict[str, bytes]:
    """All that is written; devenv.yaml comes last, so that what has one is whole."""
    return {**sketch.files, PROJECT_FILE: document(sketch).encode()}


def _mirror(tree: Tree, target: Path) -> None:
    """Copy a folder's files; of those that are too large for what somebody wrote, and of unreadable ones, the name."""
    for folder in tree.folders:
        (target / folder).mkdir(parents=True, exist_ok=True)
    for file in tree.files:
        source, copy = tree.root / file, target / file
        try:
            if source.is_symlink():
                copy.symlink_to(source.readlink())
            elif source.is_file() and source.stat().st_size <= LARGEST:
                shutil.copyfile(source, copy)
            else:
                copy.touch()
        except OSError:
            copy.touch()
