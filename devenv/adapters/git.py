"""Git: which commit a folder's files are of, and what that commit holds of them.

Responsible for git's command line. It reads only, and takes no lock of the repository. What git says of changes is not
asked: it is silent about files that it was told to leave alone, and sees contents through filters.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.process import run
from devenv.errors import CommandFailedError, ImageError

_SECONDS = 30.0
_DIGITS = 12
_NOT_A_TREE = re.compile(r"not a git repository")


@dataclass(frozen=True, slots=True)
class CommittedFile:
    """A file or link as a commit holds it."""

    mode: str
    """`100644`, `100755`, `120000` for a link, `160000` for a submodule."""
    name: str
    """Git's name for the content, hex."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """What HEAD holds of some paths."""

    top: Path
    """The work tree's folder, links followed."""
    commit: str
    """The last commit that touched one of the paths, abbreviated; HEAD where none did."""
    files: Mapping[Path, CommittedFile]
    """By absolute path."""


def read_checkout(paths: Sequence[Path]) -> Checkout:
    """What HEAD holds of files and folders; the first is a folder of the work tree, what lies in another is left out.

    Raises:
        ImageError: it is not a work tree, has no commit yet, or git refuses to read it.
        ToolMissingError: there is no git.
    """
    folder = paths[0]
    top = Path(_git(folder, "rev-parse", "--show-toplevel").rstrip("\n"))
    paths = [path for path in paths if path.is_relative_to(top)]
    within = ["--", *(f":(top,literal){os.path.relpath(path, top)}" for path in paths)]
    head = _git(folder, "rev-parse", f"--short={_DIGITS}", "HEAD").strip()
    # Not `git log`, whose output a user's configuration adds signatures to.
    last = _git(folder, "rev-list", "-1", "--abbrev-commit", f"--abbrev={_DIGITS}", "HEAD", *within).strip()
    # A tree is listed by plain paths; that of everything is `.`, which it does not take.
    names = [name for path in paths if (name := os.path.relpath(path, top)) != "."]
    listed = _git(top, "ls-tree", "-r", "-z", "--full-tree", "HEAD", "--", *(names if len(names) == len(paths) else ()))
    return Checkout(top, commit=last or head, files=dict(_parse(listed, top)))


def _parse(listed: str, top: Path) -> Iterator[tuple[Path, CommittedFile]]:
    for entry in filter(None, listed.split("\0")):
        facts, _, path = entry.partition("\t")
        mode, _kind, name = facts.split(" ")
        yield top / path, CommittedFile(mode, name)


def _git(folder: Path, *arguments: str) -> str:
    try:
        return run(
            ["git", "-C", str(folder), *arguments],
            # Without optional locks a look never stands in the way of the user's own git. A commit that another one was
            # put in place of (`git replace`) keeps its name.
            env={"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"},
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
