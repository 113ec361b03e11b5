"""Stacks of a Git repository: which commit a branch or tag is, and the files of a commit.

Responsible for git's command line, with the transports that a project may name and no others. Logins are the concern of
the user's own git: its credential helpers and ssh's agent.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from pathlib import Path

from devenv.adapters.files.scratch import scratch
from devenv.adapters.process import run
from devenv.adapters.sources.archive import unpack
from devenv.errors import CommandFailedError, DownloadError

_SECONDS = 300.0
_ENVIRONMENT: Mapping[str, str] = {
    "GIT_ALLOW_PROTOCOL": "file:http:https:ssh",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
_AS_IT_IS = "* -text -eol -ident -filter -working-tree-encoding -export-ignore -export-subst\n"
"""Files as the commit has them on every machine: a repository's own attributes have less to say than these."""
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def fetch_commit(
    address: str,
    ref: str | None,
    folder: Path,
    *,
    commit: str | None = None,
    cancel: threading.Event | None = None,
) -> str:
    """Fill an empty folder with the files of a commit; returns its name.

    Args:
        address: the repository, checked by `devenv.spec.sources.stack_source`.
        ref: a branch, a tag or a whole commit; its main branch when None.
        folder: where the files go.
        commit: the one that is wanted, whatever `ref` is by now.
        cancel: stops git.

    Raises:
        DownloadError: the repository cannot be reached, or has no such ref or commit.
        ToolMissingError: there is no git.
    """
    with scratch() as held:
        store = held / "store"
        _git(store, ("init", "--quiet", "--bare", "--template=", str(store)), address, cancel)
        (store / "info").mkdir(exist_ok=True)
        (store / "info" / "attributes").write_text(_AS_IT_IS)
        found = _fetched(store, address, ref or "HEAD", commit, cancel)
        packed = held / "files.tar"
        _git(store, ("archive", "--format=tar", f"--output={packed}", found), address, cancel)
        unpack([packed.read_bytes()], folder, origin=f"{address} at {found[:12]}")
        return found


def _fetched(store: Path, address: str, ref: str, commit: str | None, cancel: threading.Event | None) -> str:
    """The commit, which the store has then: by its own name, or where a server gives none by that, by its ref."""
    if commit is None:
        _git(store, ("fetch", *_OPTIONS, "--depth=1", "--", address, ref), address, cancel)
        return _named(store, "FETCH_HEAD", address, cancel)
    try:
        _git(store, ("fetch", *_OPTIONS, "--depth=1", "--", address, commit), address, cancel)
    except DownloadError:
        _git(store, ("fetch", *_OPTIONS, "--", address, ref), address, cancel)
    try:
        return _named(store, commit, address, cancel)
    except DownloadError as error:
        raise DownloadError(
            f"{address} has no commit {commit[:12]} any more",
            context=error.context,
            hint="devenv sources update, to use what it has now",
        ) from error


_OPTIONS = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance")


def _named(store: Path, what: str, address: str, cancel: threading.Event | None) -> str:
    found = _git(store, ("rev-parse", "--verify", "--quiet", f"{what}^{{commit}}"), address, cancel).strip()
    if not _COMMIT.fullmatch(found):
        raise DownloadError(f"git names no commit of {address}: {found}")
    return found


def _git(store: Path, arguments: tuple[str, ...], address: str, cancel: threading.Event | None) -> str:
    argv = ["git", f"--git-dir={store}", *arguments]
    try:
        return run(argv, env=_ENVIRONMENT, timeout=_SECONDS, cancel=cancel, what=f"fetch stacks of {address}").stdout
    except CommandFailedError as error:
        raise DownloadError(
            f"git cannot fetch {address}",
            context={label: _LOGIN.sub("***@", text) for label, text in error.context.items()},
            hint=f"see what it says: git ls-remote {address}",
        ) from None
