"""Tags that name the commit: for projects that want to see in the cluster which commit runs.

Responsible for the rule. A tag must never stand for two contents, so the plain commit is used only when every file that
the build reads is in it: files that git ignores and the context sends count as changes, files that the context leaves
out do not.
"""

from __future__ import annotations

import os
from pathlib import Path

from devenv.adapters.git import read_checkout
from devenv.images.catalogue import CommitTag, Recipe
from devenv.images.fingerprint import TAG_DIGITS, context_files


def commit_tags(project_file: Path) -> CommitTag:
    """Tags from git; `project_file` is the devenv.yaml that holds a recipe's target and arguments."""

    def tag(recipe: Recipe, content: str) -> str:
        settings = (project_file,) if recipe.target or recipe.args else ()
        return commit_tag(recipe, content, settings)

    return tag


def commit_tag(recipe: Recipe, content: str, settings: tuple[Path, ...] = ()) -> str:
    """The short commit that last touched what the build reads; with the content's hash where that differs from it.

    Args:
        recipe: its context lies in a git work tree.
        content: the hash of what the build reads, hex.
        settings: further files that decide what is built.

    Raises:
        ImageError: there is no work tree, or no commit.
    """
    context = _real(recipe.context)
    sent = {context / file for file in context_files(context, recipe.dockerfile)}
    read = sent | {_real(file) for file in (recipe.dockerfile, *settings)}
    outside = sorted(file for file in read if not file.is_relative_to(context))
    checkout = read_checkout([context, *outside])
    # A file that was deleted is among the changes and no longer sent.
    gone = {file for file in checkout.changed if not file.exists()}
    clean = read <= checkout.tracked and not checkout.changed & read and not gone
    return checkout.commit if clean else f"{checkout.commit}-{content[:TAG_DIGITS]}"


def _real(path: Path) -> Path:
    """As git names files: links to folders followed, a link that is a file itself left as it is."""
    return Path(os.path.realpath(path)) if path.is_dir() else Path(os.path.realpath(path.parent), path.name)
