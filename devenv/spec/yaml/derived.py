"""A document that was made of a part of another: what is wrong in it is told where that part was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devenv.spec.yaml.positions import Document, KeyPath, Node


@dataclass(frozen=True, slots=True)
class DerivedDocument(Document):
    """Positions of the original; `root` is the original's too."""

    at: KeyPath
    """The part that it was made of."""
    places: Mapping[KeyPath, KeyPath]
    """Key path to that in the original; what is below leads below. All else leads to the part as a whole."""

    def find(self, path: KeyPath) -> Node | None:
        """The node in the original that a key path was made of."""
        return Document.find(self, self._place(path))

    def line(self, path: KeyPath) -> int:
        """The line in the original."""
        return Document.line(self, self._place(path))

    def file_of(self, path: KeyPath) -> Path:
        """The file that the original has it from."""
        return Document.file_of(self, self._place(path))

    def key(self, path: KeyPath) -> str:
        """The key path in the original, as text."""
        return Document.key(self, self._place(path))

    def _place(self, path: KeyPath) -> KeyPath:
        for length in range(len(path), 0, -1):
            place = self.places.get(path[:length])
            if place is None:
                continue
            for key in path[length:]:
                # What was written short has nothing below it.
                if Document.find(self, (*place, key)) is None:
                    break
                place = (*place, key)
            return place
        return self.at
