"""Where objects of kustomizations and manifests were written: a resource, a patch, or a line of a kustomization."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from devenv.runtime.examination.place import Place, deepest, key_pattern, line_with, lines_of, value_at
from devenv.runtime.observe.stack_files import files_below, kustomization_files, kustomization_of
from devenv.spec.kubernetes.finding import Rendered
from devenv.spec.stack import KUSTOMIZATION_FILES
from devenv.spec.yaml.positions import Document, KeyPath
from devenv.spec.yaml.reader import parse_objects

_BESIDE = 2
"""How many lines after its place an operation's value may begin."""
_SUFFIXES = {".yaml", ".yml", ".json", ""}


class WrittenObjects:
    """The files of one kustomization, or of a folder of manifests."""

    def __init__(self, top: Path) -> None:
        self._top = top
        files = kustomization_files(top) if kustomization_of(top) else files_below(top)
        # What lies in the overlay itself goes over what it stands on, and components over bases.
        self._files = sorted((f for f in files if f.suffix in _SUFFIXES), key=lambda f: (*_rank(f, top), str(f)))
        self._documents: list[Document] | None = None

    def place(self, rendered: Rendered, path: KeyPath) -> Place:
        """Where a value of an object was written, or else the object, or else what makes it."""
        candidates = [document for document in self._all() if _is_of(document, rendered)]
        exact = deepest(candidates, rendered.item, path)
        if exact and exact[1] == len(path):
            return exact[0]
        return self._in_text(rendered, path) or (exact[0] if exact else self._made(rendered))

    def failure(self, message: str) -> Place:
        """The line that names what a message of kustomize's is about."""
        words = [word.strip("'\":,;") for word in message.split()]
        for file in self._files:
            lines = lines_of(file) if file.name in KUSTOMIZATION_FILES else []
            for number, text in enumerate(lines, 1):
                named = text.strip(" -").rpartition(": ")[2].strip("\"' []{},").lstrip("./")
                if named and any(word == named or word.endswith(f"/{named}") for word in words):
                    return Place(file, number)
        return Place(kustomization_of(self._top) or self._top)

    def _all(self) -> list[Document]:
        if self._documents is None:
            self._documents = [document for file in self._files for document in _parsed(file)]
        return self._documents

    def _in_text(self, rendered: Rendered, path: KeyPath) -> Place | None:
        """Patches that are lists of operations, or texts in kustomizations: they name a place, or have its last key."""
        pointer = "/" + "/".join(str(key).replace("~", "~0").replace("/", "~1") for key in path)
        value = value_at(rendered.item, path)
        last = next((key for key in reversed(path) if isinstance(key, str)), "")
        for file in self._patches():
            lines = lines_of(file)
            number = line_with(lines, rf"path:\s*[\"']?{pointer}[\"']?\s*$") if path else 0
            if not number and isinstance(value, str | int | float) and last:
                texts = {str(value), json.dumps(value)}
                number = next((n for n, t in enumerate(lines, 1) if _says(t, last, texts)), 0)
            elif number and (beside := line_with(lines[number - 1 : number + _BESIDE], key_pattern("value"))):
                number += beside - 1
            if number:
                return Place(file, number)
        return None

    def _patches(self) -> Iterator[Path]:
        for file in self._files:
            if file.name in KUSTOMIZATION_FILES or not any(document.file == file for document in self._all()):
                yield file

    def _made(self, rendered: Rendered) -> Place:
        """The line of a kustomization that names what is generated."""
        for file in self._files:
            if file.name in KUSTOMIZATION_FILES:
                for number, text in enumerate(lines_of(file), 1):
                    named = text.partition("name:")[2].strip(" \"',}")
                    if named and rendered.name.startswith(named):
                        return Place(file, number)
        return Place(kustomization_of(self._top) or self._top)


def _rank(file: Path, top: Path) -> tuple[int, int]:
    """Overlays before components before bases: a base is what most other files are written over."""
    if file.is_relative_to(top):
        return 0, 0
    return (1, 0) if "components" in file.parts else (2, 0)


def _parsed(file: Path) -> Sequence[Document]:
    if file.name in KUSTOMIZATION_FILES:
        return ()
    return list(parse_objects("\n".join(lines_of(file)) + "\n", file))


def _is_of(document: Document, rendered: Rendered) -> bool:
    """Whether a document is an object, or a patch of it, whatever its name was made of by kustomize."""
    kind, name = document.find(("kind",)), document.find(("metadata", "name"))
    if kind is None or kind.value != rendered.kind or name is None or not isinstance(name.value, str):
        return False
    return name.value in rendered.name


def _says(text: str, key: str, values: set[str]) -> bool:
    found = line_with([text], key_pattern(key))
    return bool(found) and text.partition(f"{key}")[2].lstrip("\"' :").strip(" \"',}") in {v.strip('"') for v in values}
