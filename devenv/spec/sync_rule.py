"""A rule by which `devenv dev` puts saved files into running containers, as data."""

from __future__ import annotations

import posixpath
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from devenv.spec.model import SpecModel, Text, WrittenText

_WILD = frozenset("*?[")


def _require_absolute(path: str) -> str:
    if not path.startswith("/") or ".." in PurePosixPath(path).parts:
        raise ValueError("an absolute path in the container is expected, such as /app/src")
    return path


PlaceInContainer = Annotated[
    str, StringConstraints(pattern=r"^[^\x00]+$"), AfterValidator(_require_absolute), Field(examples=["/app/src"])
]


class SyncRule(SpecModel):
    """What of a build's context goes where in containers, without a build."""

    model_config = ConfigDict(serialize_by_alias=True)

    source: Text = Field(alias="from")
    """A file, a folder or a pattern (`templates/**/*.html`), relative to the context."""
    to: PlaceInContainer
    """Where that is in the container; of a pattern, where the folder is that it begins with. A file goes into what
    ends with `/`."""
    run: Annotated[tuple[WrittenText, ...], Field(min_length=1)] | Text | None = None
    """A program and its arguments, or a text for `sh`, that runs in the container after each sync by this rule."""

    restart: bool = Field(default=False, strict=True)
    """Whether the program is started anew in its container afterwards."""

    @property
    def normal_source(self) -> str:
        """`from` without what does not count in it."""
        return posixpath.normpath(self.source)

    @property
    def is_pattern(self) -> bool:
        """Whether `from` stands for what matches it."""
        return bool(_WILD & set(self.source))

    @property
    def folder(self) -> PurePosixPath:
        """What a pattern begins with, as far as that is a path; else `from` itself."""
        parts: list[str] = []
        for part in PurePosixPath(self.normal_source).parts:
            if _WILD & set(part):
                break
            parts.append(part)
        return PurePosixPath(*parts)

    @property
    def command(self) -> tuple[str, ...]:
        """What runs in the container; nothing where nothing is to."""
        return ("sh", "-c", self.run) if isinstance(self.run, str) else self.run or ()
