"""Tags that name the commit: for projects that want to see in the cluster which commit runs.

Responsible for the rule. A tag must never stand for two contents, so the plain commit is used only when it holds every
byte and mode that the build reads. That is compared with the files themselves: git counts a file as unchanged that it
was told to skip, whose filter gives back what is committed (Git LFS, line ends), or whose mode it was told to ignore.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from devenv.adapters.git import Checkout, CommittedFile, read_checkout
from devenv.images.catalogue.catalogue import CommitTag
from devenv.images.content.context import FILE_MODE, PROGRAM_MODE, SentEntry, explicit_folders, sent_entries
from devenv.images.content.fingerprint import TAG_DIGITS, FileDigests, blob_name
from devenv.images.content.ignore import IgnoreRules, ignore_files
from devenv.plan.image import Recipe

_LINK = "120000"
_MODES = {"100644": FILE_MODE, "100755": PROGRAM_MODE}
_SHA256_DIGITS = 64


def commit_tags(project_file: Path, digests: FileDigests) -> CommitTag:
    """Tags from git; `project_file` is the devenv.yaml that says what is built of which folder, and how."""
    return lambda recipe, content: commit_tag(recipe, content, project_file, digests)


def commit_tag(
    recipe: Recipe, content: str, project_file: Path | None = None, digests: FileDigests | None = None
) -> str:
    """The short commit that last touched what decides on the build; with the content's hash where that is not all.

    Args:
        recipe: its context lies in a git work tree; the paths are as the project writes them, links not followed.
        content: the hash of what the build reads, hex.
        project_file: the file that the recipe stands in.
        digests: remembers what git calls the contents of files.

    Raises:
        ImageError: there is no work tree, or no commit.
    """
    context = _real(recipe.context)
    settings = [project_file] if project_file else []
    deciding = [_real(file) for file in (recipe.dockerfile, *ignore_files(context, recipe.dockerfile), *settings)]
    outside = sorted({file for file in deciding if not file.is_relative_to(context)})
    checkout = read_checkout([context, *outside])
    committed = _Committed(checkout, digests or FileDigests())
    clean = (
        # Devenv's bases are of no commit of the project's.
        not recipe.bases
        and (project_file is None or _is_all_in(project_file, checkout, recipe))
        and all(committed.holds(file) for file in deciding)
        and committed.holds_all_of(context, sent_entries(context, recipe.dockerfile))
        and not committed.lacking(context, IgnoreRules.of(context, recipe.dockerfile))
    )
    return checkout.commit if clean else f"{checkout.commit}-{content[:TAG_DIGITS]}"


def _is_all_in(project_file: Path, checkout: Checkout, recipe: Recipe) -> bool:
    """Whether a commit and an image's name leave nothing open: no second project, and no link that leads elsewhere."""
    root = project_file.parent
    return _real(root) == checkout.top and all(
        os.path.relpath(os.path.realpath(path), os.path.realpath(root)) == os.path.relpath(path, root)
        for path in (recipe.context, recipe.dockerfile)
    )


class _Committed:
    """Compares files with those of a commit."""

    def __init__(self, checkout: Checkout, digests: FileDigests) -> None:
        self._files = checkout.files
        self._digests = digests

    def holds(self, file: Path) -> bool:
        """Whether a file that is only read has the commit's content, and whether that has none where it is missing.

        What a link leads to is not looked for.
        """
        committed = self._files.get(file)
        if file.is_symlink() or not file.exists():
            return committed is None and not file.is_symlink()
        return committed is not None and self._is_same(file, committed)

    def holds_all_of(self, context: Path, entries: Iterable[SentEntry]) -> bool:
        """Whether the commit, checked out, makes just these entries."""
        entries = list(entries)
        return not explicit_folders(entries) and all(
            self._makes(context / entry.path, entry) for entry in entries if not entry.is_folder
        )

    def lacking(self, context: Path, rules: IgnoreRules) -> bool:
        """Whether files of the commit that would be sent are not there."""
        return any(
            not file.is_symlink() and not file.exists() and not rules.ignores(PurePosixPath(file.relative_to(context)))
            for file in self._files
            if file.is_relative_to(context)
        )

    def _makes(self, file: Path, entry: SentEntry) -> bool:
        committed = self._files.get(file)
        if committed is None or entry.attributes or not self._is_same(file, committed):
            return False
        return committed.mode == _LINK or _MODES.get(committed.mode) == entry.mode

    def _is_same(self, file: Path, committed: CommittedFile) -> bool:
        algorithm = "sha256" if len(committed.name) == _SHA256_DIGITS else "sha1"
        if file.is_symlink():
            target = os.readlink(file)  # noqa: PTH115 (the text itself, not a path made of it)
            return committed.mode == _LINK and blob_name(os.fsencode(target), algorithm) == committed.name
        is_file = committed.mode in _MODES and file.is_file()
        return is_file and self._digests.of_blob(file, algorithm) == committed.name


def _real(path: Path) -> Path:
    """As git names files: links to folders followed, a link that is a file itself left as it is."""
    return Path(os.path.realpath(path)) if path.is_dir() else Path(os.path.realpath(path.parent), path.name)
