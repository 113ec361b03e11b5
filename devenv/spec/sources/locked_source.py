"""What `devenv.lock` says of one of `stack_sources`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import StringConstraints

from devenv.spec.model import SpecModel, Text
from devenv.spec.sources.stack_source import Artefact, GitRef, StackSource
from devenv.spec.versions import Digest

Commit = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")]


class LockedSource(SpecModel):
    """One source, and exactly what is used of it."""

    git: Text | None = None
    ref: GitRef | None = None
    commit: Commit | None = None
    oci: Artefact | None = None
    content: Digest
    """Hash of all files: `devenv.spec.sources.tree`."""

    def fits(self, source: StackSource) -> bool:
        """Whether this is what the source is locked to; one that asks for another ref or digest is not."""
        return (self.git, self.ref, self.oci) == (source.git, source.ref, source.oci)

    @property
    def pin(self) -> str:
        """The commit, or the digest."""
        return self.commit or (self.oci or "").partition("@")[2]

    @property
    def folder(self) -> str:
        """The name of the folder that it is unpacked in."""
        return self.content.removeprefix("sha256:")


def locked_as(source: StackSource, locked: Iterable[LockedSource]) -> LockedSource | None:
    """What a lock says of a source; None where it does not fit."""
    return next((each for each in locked if each.fits(source)), None)
