"""`devenv.lock` beside devenv.yaml: digests that `devenv lock` recorded, sources that `devenv sources update` did.

Responsible for its form and for laying it over the catalogue. What a digest means for the choice of an image and for
its pull is decided by the images side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from devenv.errors import Problem
from devenv.spec.model import SpecModel
from devenv.spec.read.validation import check
from devenv.spec.sources.locked_source import LockedSource
from devenv.spec.versions import Digest, Versions
from devenv.spec.workspace import LOCK_FILE, Locked
from devenv.spec.yaml.reader import read_yaml

_HEAD = """\
# Written by `devenv lock` and `devenv sources update`: commit it. An image named here is used with this digest alone,
# and never its recipe's unless you ask for those (devenv up --images recipes); run `devenv lock` again after an update
# of devenv, or to take what its registry has now. Of sources of stacks exactly these states are used.
"""


class Lock(SpecModel):
    """The file."""

    images: dict[str, Digest] = {}
    """Upstream reference to the digest by which its registry knew it."""
    sources: tuple[LockedSource, ...] = ()
    """Which state of each of `stack_sources` is used."""


def read_lock(root: Path, problems: list[Problem]) -> Locked:
    """The lock of the project in a folder; an empty one where there is none or it is wrong."""
    file = root / LOCK_FILE
    if not file.is_symlink() and not file.exists():
        return Locked()
    read = read_yaml(file, empty="")
    problems.extend(read.problems)
    if read.document is None:
        return Locked()
    checked = check(read.document, Lock)
    problems.extend(checked.problems)
    lock = checked.model or Lock()
    places = {name: f"{file}:{read.document.line(('images', name))}" for name in lock.images}
    return Locked(lock.images, places, lock.sources)


def locked(versions: Versions, lock: Locked) -> Versions:
    """The catalogue with the digests of a lock."""
    images = {
        name: image.model_copy(update={"digest": lock.images.get(image.upstream or "", image.digest)})
        for name, image in versions.images.items()
    }
    return versions.model_copy(update={"images": images})


def pinning_nothing(versions: Versions, lock: Locked) -> list[str]:
    """References of a lock by which no image is known any more, as after an update of devenv."""
    known = {image.upstream for image in versions.images.values()}
    return sorted(lock.images.keys() - known)


def lock_text(images: Mapping[str, str], sources: Iterable[LockedSource] = ()) -> str:
    """The file's content for digests by reference, and for sources of stacks."""
    written: dict[str, object] = {"images": dict(sorted(images.items()))}
    if named := [source.model_dump(exclude_none=True) for source in sources]:
        written["sources"] = named
    return _HEAD + yaml.safe_dump(written, width=1000, sort_keys=False)
