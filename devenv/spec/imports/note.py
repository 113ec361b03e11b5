"""What an imported file says and is not carried over: told once, with its place and what happens instead. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from devenv.spec.yaml.positions import Document, KeyPath


@dataclass(frozen=True, slots=True)
class Note:
    """One thing in an imported file that is not carried over as it is written."""

    file: Path
    line: int
    """1-based."""
    key: str
    """Key path as it is written in the file."""
    message: str
    """What is not carried over."""
    instead: str
    """What happens instead, or what to write."""

    @classmethod
    def at(cls, document: Document, path: KeyPath, message: str, instead: str) -> Note:
        """A note on what is at a key path of a document."""
        return cls(document.file_of(path), document.line(path), document.key(path), message, instead)

    def told(self, root: Path) -> str:
        """In one line; the file is named relative to a folder where it is below it."""
        file = self.file.relative_to(root) if self.file.is_relative_to(root) else self.file
        return f"{file}:{self.line}: {self.key}: {self.message}; {self.instead}"
