"""Where devenv keeps things on the host: cache, state, and the data that it ships.

Responsible for the places only (XDG base directories, modes). It never decides what is written there.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from devenv.errors import FolderError

_PRIVATE = 0o700
KUBECONFIG = "kubeconfig"
"""In a project's state: the kubeconfig of its cluster, there while the cluster is."""


def cache_dir(*, create: bool = True) -> Path:
    """What can be made again at any time: tools, modules, downloads (`$XDG_CACHE_HOME/devenv`)."""
    return _folder(_xdg("XDG_CACHE_HOME", ".cache") / "devenv", create=create)


def sources_dir(*, create: bool = True) -> Path:
    """What was fetched of stacks of other places, each in a folder that is named after its content."""
    return _folder(cache_dir(create=create) / "stack-sources", create=create)


def state_root(*, create: bool = True) -> Path:
    """The folder over all projects' states (`$XDG_STATE_HOME/devenv`), readable by its owner only."""
    return _folder(_xdg("XDG_STATE_HOME", ".local/state") / "devenv", create=create)


def state_dir(project: str, *, create: bool = True) -> Path:
    """One project's state: kubeconfig, logs. Readable by its owner only."""
    return _folder(state_root(create=create) / project, create=create)


def remove_folder(folder: Path) -> None:
    """Remove a folder of devenv's own; of one that a link leads to, everything in it: link and place are the user's."""
    if folder.is_symlink():
        for entry in folder.iterdir() if folder.is_dir() else ():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def kube_cache(kubeconfig: Path) -> Path:
    """Where kubectl and Helm keep what a cluster's API offers: beside its kubeconfig, and gone with it.

    Else they keep it in ~/.kube, and again for each cluster.
    """
    return kubeconfig.parent / "kube-cache"


def host_state_dir(part: str, *, create: bool = True) -> Path:
    """State that all projects of a user share, such as `ca` and `engine`.

    The underscore keeps it apart from projects, whose names are DNS labels.
    """
    return _folder(state_root(create=create) / "_host" / part, create=create)


def data_root() -> Path:
    """The folder with `stacks/`, `cluster/`, `localstack-init/` and `templates/`: inside the wheel, or the checkout."""
    package = Path(__file__).resolve().parents[2]
    shipped = package / "data"
    return shipped if shipped.is_dir() else package.parent


def _xdg(variable: str, below_home: str) -> Path:
    """The base directory; a relative value is to be ignored, says the XDG specification."""
    value = os.environ.get(variable, "")
    if os.path.isabs(value):  # noqa: PTH117 (a str, not a Path)
        return Path(value)
    try:
        return Path.home() / below_home
    except RuntimeError as error:
        raise FolderError(
            "there is no home folder to keep things in",
            context={"cause": str(error)},
            hint=f"set HOME, or {variable} to a folder",
        ) from error


def _cause(path: Path, error: OSError) -> str:
    """Why a folder cannot be made; of what stands in its place, what that is."""
    for place in (path, *path.parents):
        if place.is_symlink() and not place.is_dir():
            return f"{place} is a link to {place.readlink()}, which is no folder"
        if place.exists() and not place.is_dir():
            return f"{place} is no folder"
    return error.strerror or str(error)


def _folder(path: Path, *, create: bool) -> Path:
    if create and not path.is_dir():
        try:
            path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise FolderError(
                f"the folder {path} cannot be made",
                context={"cause": _cause(path, error)},
                hint="make it writable, or set XDG_CACHE_HOME and XDG_STATE_HOME to folders that are",
            ) from error
    return path
