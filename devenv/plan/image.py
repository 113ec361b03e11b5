"""What an image is: its references, what it is made from, and which of the references may be used. Values alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from devenv.spec.image_reference import Reference
from devenv.spec.local_image import BuildNetwork
from devenv.spec.model import Pairs

Mode = Literal["auto", "upstream", "recipes"]
"""Where images come from: whichever there is, upstream alone, or devenv's recipes alone."""


@dataclass(frozen=True, slots=True)
class HostBuild:
    """What builds an image on this machine in place of a Dockerfile."""

    command: tuple[str, ...]
    shown: str
    """As the user agrees to it."""
    deps: tuple[str, ...] = ()
    """What of the context it reads; all of it where there is none."""


@dataclass(frozen=True, slots=True)
class HostCall:
    """A command of this machine that follows a build."""

    command: tuple[str, ...]
    shown: str
    """As the user agrees to it."""
    folder: Path
    """Absolute."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """An image that is built from a Dockerfile, or by a command of this machine."""

    dockerfile: Path
    context: Path
    target: str | None
    args: Pairs
    bases: Pairs
    """Build argument to the name of an image."""
    network: BuildNetwork = "default"
    shipped: bool = False
    """It comes with devenv: its files are sent with the modes that version control keeps."""
    secrets: Pairs = ()
    """Name of a secret to its source as buildx takes it: `src=/path` or `env=NAME`."""
    ssh: str | None = None
    host: HostBuild | None = None
    """None where it is built from the Dockerfile."""
    after: tuple[HostCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """A Debian image that is made from the distribution's packages."""

    suite: str


@dataclass(frozen=True, slots=True)
class Assembly:
    """The node image: a base into which the system's images are loaded."""

    base: str
    system: Pairs
    """Reference inside the node to the name of an image."""


@dataclass(frozen=True, slots=True)
class Image:
    """Everything that can be said of an image before looking at an engine."""

    name: str
    version: str
    """For tables; empty for images of the project."""
    upstream: str | None
    digest: str | None
    """Digest of the upstream image: the catalogue's, or recorded by `devenv lock`."""
    own: str | None
    """Reference of the image that devenv makes itself."""
    origin: Recipe | Bootstrap | Assembly | None
    locked: str = ""
    """The place in devenv.lock that allows this digest alone, and nothing of devenv's own instead."""
    content: str = ""
    """The hash of all that a recipe's build reads; empty for what has none."""
    mirrored: str = ""
    """The reference of the upstream image at the project's mirror of its registry."""
    local: bool = False
    """Built from the project's own sources."""

    @property
    def source(self) -> str | None:
        """Where the upstream image is pulled from."""
        return self.mirrored or self.upstream

    @property
    def pinned(self) -> tuple[str, ...]:
        """The upstream image by its digest, without a tag: from everywhere that it may have come from."""
        references = {self.upstream, self.source} if self.digest else set()
        return tuple(f"{Reference.parse(text).repository}@{self.digest}" for text in references if text)

    @property
    def identity(self) -> str:
        """What stands for this image in the hash of those built from it.

        Both references: an image keeps its tag whichever of them its base was, because their contract is one.
        """
        return f"{self.name}={self.upstream or ''}|{self.own or ''}"

    @property
    def needs(self) -> tuple[str, ...]:
        """The images that making it takes."""
        match self.origin:
            case Recipe(bases=bases):
                names = [name for _, name in bases]
            case Assembly(base=base, system=system):
                names = [base, *(name for _, name in system)]
            case _:
                names = []
        return tuple(dict.fromkeys(names))
