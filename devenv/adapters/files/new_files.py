"""Several files that are written where nothing was: all of them or none, and over nothing.

Responsible for how they get there. What is in the way is told by `require_room`, before anything is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from devenv.errors import AlreadyThereError


def require_room(root: Path, files: Mapping[str, bytes], instead: str) -> None:
    """Raise AlreadyThereError where something keeps files from being written below a folder, with what it is.

    A file that is there with the very content is in nobody's way: it is one of a run that was killed.

    Args:
        root: the folder.
        files: content by path.
        instead: what else the user may do; that they take away what is there is said behind it.
    """
    found = {path: what for path, content in files.items() if (what := _obstacle(root, path, content))}
    if found:
        raise AlreadyThereError(
            f"{len(found)} of {len(files)} files cannot be written, and nothing was changed",
            context=found,
            hint=f"{instead} or take away: {next(iter(found))}",
        )


@contextmanager
def written_new(root: Path, files: Mapping[str, bytes]) -> Iterator[None]:
    """Write files below a folder, which is made where it is not there; when the body fails they are taken back.

    Each one is seen as a whole or not at all, in the given order.

    Raises:
        FileExistsError: one of them is there by now.
    """
    with ExitStack() as undo:
        _make_folders(root, undo)
        for path, content in files.items():
            target = root / path
            _make_folders(target.parent, undo)
            if not _is(target, content):
                _write(target, content)
                undo.callback(target.unlink, missing_ok=True)
        yield
        undo.pop_all()


def _obstacle(root: Path, path: str, content: bytes) -> str:
    target = root / path
    for folder in _above(root, target):
        if folder.is_symlink():
            return f"{folder} is a link to {folder.readlink()}"
        if folder.exists() and not folder.is_dir():
            return f"{folder} is no folder"
    if target.is_symlink():
        return f"a link to {target.readlink()}"
    return "it is there already" if target.exists() and not _is(target, content) else ""


def _above(root: Path, target: Path) -> Iterable[Path]:
    """The folders between the two, the highest first."""
    return [folder for folder in reversed(target.parents) if folder != root and folder.is_relative_to(root)]


def _is(target: Path, content: bytes) -> bool:
    return target.is_file() and not target.is_symlink() and target.read_bytes() == content


def _make_folders(folder: Path, undo: ExitStack) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir()
        undo.callback(_remove_empty, each)


def _remove_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _write(target: Path, content: bytes) -> None:
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with draft.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(draft, target, follow_symlinks=False)  # unlike a rename it goes over nothing
    except OSError as error:
        if error.filename == str(draft):
            error.filename, error.filename2 = str(target), None  # the one that the reader knows
        raise
    finally:
        draft.unlink(missing_ok=True)
