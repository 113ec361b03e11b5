"""Where devenv keeps things on the host: cache, state, and the data that it ships.

Responsible for the places only (XDG base directories, modes). It never decides what is written there.
"""

from __future__ import annotations

import os
from pathlib import Path

from devenv.errors import FolderError

_PRIVATE = 0o700


def cache_dir(*, create: bool = True) -> Path:
    """What can be made again at any time: tools, modules, downloads (`$XDG_CACHE_HOME/devenv`)."""
    return _folder(_xdg("XDG_CACHE_HOME", ".cache") / "devenv", create=create)


def state_root(*, create: bool = True) -> Path:
    """The folder over all projects' states (`$XDG_STATE_HOME/devenv`), readable by its owner only."""
    return _folder(_xdg("XDG_STATE_HOME", ".local/state") / "devenv", create=create)


def state_dir(project: str, *, create: bool = True) -> Path:
    """One project's state: kubeconfig, logs. Readable by its owner only."""
    return _folder(state_root(create=create) / project, create=create)


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
    """The folder with `stacks/`, `cluster/` and `localstack-init/`: inside the wheel, or the checkout."""
    package = Path(__file__).resolve().parent.parent
    shipped = package / "data"
    return shipped if shipped.is_dir() else package.parent


def _xdg(variable: str, below_home: str) -> Path:
    """The base directory; a relative value is to be ignored, says the XDG specification."""
    value = os.environ.get(variable, "")
    return Path(value) if os.path.isabs(value) else Path.home() / below_home  # noqa: PTH117 (a str, not a Path)


def _folder(path: Path, *, create: bool) -> Path:
    if create and not path.is_dir():
        try:
            path.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise FolderError(
                f"the folder {path} cannot be made",
                context={"cause": error.strerror or str(error)},
                hint="make it writable, or set XDG_CACHE_HOME and XDG_STATE_HOME to folders that are",
            ) from error
    return path
