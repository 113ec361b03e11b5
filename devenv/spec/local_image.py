"""An image that is built from the project's own sources, as data."""

from __future__ import annotations

from typing import Literal

from devenv.spec.model import DnsLabel, SpecModel

TagPolicy = Literal["content", "git"]
BuildNetwork = Literal["default", "none", "host"]


class LocalImage(SpecModel):
    """An image built from the project's own sources."""

    context: str
    dockerfile: str = "Dockerfile"
    """Relative to the context."""
    target: str | None = None
    args: dict[str, str] = {}
    bases: dict[str, DnsLabel] = {}
    """Build argument to the name of an image in the catalogue, passed as a full reference."""
    tag: TagPolicy = "content"
    """What the tag is made from: a hash of what the build reads, or the git commit (with that hash, when not all of
    it is committed)."""
    network: BuildNetwork = "default"
    """What the build's commands reach: a network made for each, none, or the engine's host as it is."""
