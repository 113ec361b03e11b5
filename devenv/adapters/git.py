"""Git: which commit a folder's files are of, and which of them differ from it.

Responsible for git's command line. It reads only, and takes no lock of the repository.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.process import run
from devenv.errors import CommandFailedError, ImageError

_SECONDS = 30.0
_DIGITS = 12
_NOT_A_TREE = re.compile(r"not a git repository")


@dataclass(frozen=True, slots=True)
class Checkout:
    """What git knows of some paths. All paths are absolute."""

    commit: str
    """The last commit that touched one of the paths, abbreviated; HEAD where none did."""
    tracked: frozenset[Path]
    """Files below the paths that are under version control."""
    changed: frozenset[Path]
    """Those of them that differ from HEAD, deleted and newly added ones included."""


def read_checkout(paths: Sequence[Path]) -> Checkout:
    """What git knows of files and folders, which lie in one work tree; the first must be a folder.

    Raises:
        ImageError: it is not a work tree, has no commit yet, or git refuses to read it.
        ToolMissingError: there is no git.
    """
    folder = paths[0]
    top = Path(_git(folder, "rev-parse", "--show-toplevel").rstrip("\n"))
    within = ["--", *(str(path) for path in paths)]
    tracked = _git(folder, "ls-files", "--full-name", "-z", *within)
    changed = _git(folder, "status", "--porcelain", "--no-renames", "--untracked-files=no", "-z", *within)
    head = _git(folder, "rev-parse", f"--short={_DIGITS}", "HEAD").strip()
    last = _git(folder, "log", "-1", "--format=%h", f"--abbrev={_DIGITS}", *within).strip()
    return Checkout(
        commit=last or head,
        tracked=frozenset(top / name for name in tracked.split("\0") if name),
        # Two letters and a blank precede each name.
        changed=frozenset(top / entry[3:] for entry in changed.split("\0") if entry),
    )


def _git(folder: Path, *arguments: str) -> str:
    try:
        return run(
            ["git", "-C", str(folder), *arguments],
            # Without optional locks a look never stands in the way of the user's own git.
            env={"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
            timeout=_SECONDS,
            what=f"ask git about {folder}",
        ).stdout
    except CommandFailedError as error:
        if _NOT_A_TREE.search(error.output):
            raise ImageError(
                f"{folder} is in no git work tree, so that no commit can name the image",
                hint="set images.<name>.tag: content in devenv.yaml, or: git init",
            ) from error
        raise ImageError(
            f"git cannot tell the commit of {folder}",
            context=error.context,
            hint="make a first commit, or set images.<name>.tag: content in devenv.yaml",
        ) from error
