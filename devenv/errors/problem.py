"""What a specification has wrong, with its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a spec file."""

    file: Path
    line: int
    """1-based; 1 when the whole file is meant."""
    key: str
    """Key path such as `stacks[2].values.replicas`; empty for the whole file."""
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        key = f" {self.key}:" if self.key else ""
        return f"{where}:{key} {self.message}"

    def as_dict(self) -> dict[str, object]:
        """The problem as JSON-ready data."""
        return {"file": str(self.file), "line": self.line, "key": self.key, "message": self.message, "hint": self.hint}
