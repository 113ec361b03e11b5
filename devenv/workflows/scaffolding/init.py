"""`devenv init`: a devenv.yaml, out of templates or of what a folder holds.

Nothing is written that has not been validated, over nothing that is there, and all of it or none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.files.new_files import require_room, written_new
from devenv.errors import AlreadyThereError, UsageError
from devenv.scaffold.document import document
from devenv.scaffold.languages import Wish, sketch_of
from devenv.scaffold.names import project_named
from devenv.scaffold.sketch import Sketch
from devenv.spec.read.discover import PROJECT_FILE
from devenv.workflows.scaffolding.trial import Found, files_of, require_sound, without_what_is_wrong


@dataclass(frozen=True, slots=True)
class Begun:
    """A project that was written, or would be."""

    folder: Path
    sketch: Sketch
    text: str
    """Of devenv.yaml."""
    files: tuple[Path, ...]
    """All that were written, absolute; devenv.yaml is the last one."""


def folder_to_begin_in(folder: Path) -> Path:
    """The folder, absolute.

    Raises:
        AlreadyThereError: there is a devenv.yaml in it.
        UsageError: it is no folder.
    """
    root = folder.absolute().resolve()
    if root.exists() and not root.is_dir():
        raise UsageError(f"{folder} is no folder", hint="name a folder, which may not be there yet: devenv init shop")
    for name in (PROJECT_FILE, "devenv.yml"):
        if (root / name).exists() or (root / name).is_symlink():
            raise AlreadyThereError(
                f"{root / name} is there already, and nothing was changed",
                context={"cause": "a project begins once; devenv init goes over no file"},
                hint="to see what it says: devenv validate; to add to it: devenv add STACK",
            )
    return root


def name_of(root: Path, wanted: str | None) -> str:
    """The project's name: the wanted one, else one after the folder.

    Raises:
        UsageError: it cannot be one.
    """
    if wanted is not None and wanted != project_named(wanted):
        raise UsageError(
            f"{wanted!r} cannot be a project's name: lower-case letters, digits and dashes, at most 30",
            hint=f"for example --name {project_named(wanted)}",
        )
    return wanted or project_named(root.name)


def begin_from_template(root: Path, wish: Wish, data_root: Path, *, dry_run: bool = False) -> Begun:
    """Write a new product.

    Raises:
        AlreadyThereError: files of these names are there.
        FolderError: the folder cannot be written to.
    """
    return _write(root, sketch_of(wish, data_root / "templates" / "init"), data_root, dry_run=dry_run)


def begin_from_folder(found: Found, project: str, data_root: Path, *, dry_run: bool = False) -> Begun:
    """Write what a folder holds as a project. What would be wrong in it is left out, and told.

    Raises:
        SpecError: all of it would be wrong.
        FolderError: the folder cannot be written to.
    """
    sketch = without_what_is_wrong(found, project, data_root)
    return _write(found.tree.root, sketch, data_root, dry_run=dry_run)


def _write(root: Path, sketch: Sketch, data_root: Path, *, dry_run: bool) -> Begun:
    files = files_of(sketch)
    require_room(root, files, f"begin in a folder of its own: devenv init {root.name or 'shop'}/new;")
    if not dry_run:
        with written_new(root, files):
            require_sound(root, data_root)
    return Begun(root, sketch, document(sketch), () if dry_run else tuple(root / path for path in files))
