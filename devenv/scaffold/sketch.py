"""A project that is yet to be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any


@dataclass(frozen=True, slots=True)
class Left:
    """Something that was found and is not in what is written, or not as it was found."""

    file: PurePosixPath
    """Relative to the project's folder."""
    line: int
    """1-based."""
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" + (f"; {self.hint}" if self.hint else "")

    def as_dict(self) -> dict[str, object]:
        return {"file": str(self.file), "line": self.line, "message": self.message, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class Entry:
    """A service or a database."""

    name: str
    spec: Mapping[str, Any]
    """As devenv.yaml has it."""
    comment: str = ""
    remarks: tuple[str, ...] = ()
    """Comments below it, each a line."""
    origin: PurePosixPath = field(default_factory=PurePosixPath)
    """What it was made of: a Dockerfile, a folder of migrations."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What devenv.yaml is to say, and what lies beside it."""

    project: str
    services: tuple[Entry, ...] = ()
    databases: tuple[Entry, ...] = ()
    stacks: tuple[str, ...] = ()
    """Stacks of the project's own."""
    stack_paths: tuple[str, ...] = ()
    """The folders that these are in."""
    images: tuple[Entry, ...] = ()
    """Those that the stacks use by name."""
    imports: tuple[Mapping[str, str], ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    """By their paths below the project's folder."""
    left: tuple[Left, ...] = ()

    def without(self, kind: str, name: str, left: Left) -> Sketch:
        """The same without one of its services, databases or stacks, and all that refers to it."""

        def kept(entry: Entry) -> Entry:
            env = {key: value for key, value in entry.spec.get("env", {}).items() if value != {kind[:-1]: name}}
            rest = {key: value for key, value in entry.spec.items() if key != "env"}
            return replace(entry, spec={**rest, **({"env": env} if env else {})})

        return replace(
            self,
            services=tuple(kept(each) for each in self.services if (kind, name) != ("services", each.name)),
            databases=tuple(each for each in self.databases if (kind, name) != ("databases", each.name)),
            stacks=tuple(each for each in self.stacks if (kind, name) != ("stacks", each)),
            files={
                path: text
                for path, text in self.files.items()
                if kind != "stacks" or PurePosixPath(path).parts[-2:-1] != (name,)
            },
            left=(*self.left, left),
        )

    @property
    def empty(self) -> bool:
        """Whether nothing is brought up by it."""
        return not (self.services or self.databases or self.stacks or self.imports)


def as_data(sketch: Sketch) -> dict[str, object]:
    """The sketch as JSON-ready data, without the contents of files."""
    return {
        "project": sketch.project,
        "services": [each.name for each in sketch.services],
        "databases": [each.name for each in sketch.databases],
        "stacks": list(sketch.stacks),
        "imports": [dict(each) for each in sketch.imports],
        "left": [each.as_dict() for each in sketch.left],
    }
