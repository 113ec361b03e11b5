"""What an imported file says and is not carried over: told once, with its place and what happens instead. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
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

    def line_in(self, root: Path) -> str:
        """In one line; the file is named relative to a folder where it is below it."""
        file = self.file.relative_to(root) if self.file.is_relative_to(root) else self.file
        key = f" {self.key}:" if self.key else ""
        return f"{file}:{self.line}:{key} {self.message}; {self.instead}"


def lines_of(notes: Iterable[Note], root: Path) -> list[str]:
    """Each note in one line; those that say the same of several places as one, with the other lines."""
    alike: dict[tuple[Path, str, str], list[Note]] = {}
    for note in sorted(notes, key=lambda note: (note.file, note.line)):
        alike.setdefault((note.file, note.message, note.instead), []).append(note)
    lines = []
    for (_, message, instead), those in alike.items():
        first, others = those[0], sorted({note.line for note in those[1:]} - {those[0].line})
        also = f" (and line{'s' if others[1:] else ''} {', '.join(map(str, others))})" if others else ""
        lines.append(replace(first, message=f"{message}{also}", instead=instead).line_in(root))
    return lines
