"""`devenv.lock` beside devenv.yaml: the digests that `devenv lock` recorded for this project.

Responsible for its form and for laying it over the catalogue. What a digest means for the choice of an image and for
its pull is decided by the images side.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from devenv.errors import Problem
from devenv.spec.model import SpecModel
from devenv.spec.read.validation import check
from devenv.spec.versions import Digest, Versions
from devenv.spec.workspace import LOCK_FILE, Locked
from devenv.spec.yaml.reader import read_yaml

_HEAD = """\
# Written by `devenv lock`: commit it. An image named here is used with this digest alone, and never its recipe's unless
# you ask for those (devenv up --images recipes); run `devenv lock` again after an update of devenv, or to take what its
# registry has now.
"""


class Lock(SpecModel):
    """The file."""

    images: dict[str, Digest] = {}
    """Upstream reference to the digest by which its registry knew it."""


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
    images = checked.model.images if checked.model else {}
    return Locked(images, {name: f"{file}:{read.document.line(('images', name))}" for name in images})


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


def lock_text(images: Mapping[str, str]) -> str:
    """The file's content for digests by reference."""
    return _HEAD + yaml.safe_dump({"images": dict(sorted(images.items()))}, width=1000)
