"""`devenv tools`: which programs are used, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devenv.adapters.tools.toolchain import Toolchain
from devenv.spec.catalogue import load_versions


@dataclass(frozen=True, slots=True)
class ToolRow:
    """One program."""

    name: str
    wanted: str
    found: str | None
    origin: str
    """`path`, `cache` or `missing`."""
    path: Path | None

    def as_dict(self) -> dict[str, str | None]:
        """The row as JSON-ready data."""
        return {
            "name": self.name,
            "wanted": self.wanted,
            "found": self.found,
            "origin": self.origin,
            "path": str(self.path) if self.path else None,
        }


def list_tools() -> list[ToolRow]:
    """Every program of the catalogue, as it would be used now."""
    tools = load_versions().tools
    located = Toolchain(tools).locate_all()
    return [
        ToolRow(name, tool.accept, located[name].version, located[name].origin, located[name].path)
        for name, tool in tools.items()
    ]
