"""Reads Compose files into one: variables, several files over each other, `include` and `extends`.

Responsible for files and what they name of each other. What services mean is the concern of `translation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.imports.compose.file.canonical import (
    EXTENSION,
    canonical,
    merged_files,
    merged_service,
    without_extensions,
)
from devenv.spec.imports.compose.file.env_files import read_variables
from devenv.spec.imports.compose.file.interpolation import InterpolationError, Lookup, interpolate
from devenv.spec.imports.note import Note
from devenv.spec.read.drafts import PLACEHOLDER
from devenv.spec.read.places import Boundary, PathProblem
from devenv.spec.read.wording import name_hint
from devenv.spec.yaml.positions import Document, KeyPath, Node
from devenv.spec.yaml.reader import read_yaml

SECTIONS = ("services", "volumes", "networks", "configs", "secrets")
_NO_FILE = "a Compose file has at least services: {NAME: {image: …}}"
_DEEPEST = 10
"""Of files that include or extend each other."""


@dataclass(slots=True)
class ComposeFiles:
    """What is read, and what was found out on the way."""

    boundary: Boundary
    environ: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    inputs: list[Path] = field(default_factory=list)
    bases: dict[Path, Path] = field(default_factory=dict)
    """File to the folder that its paths are relative to."""
    broken: set[str] = field(default_factory=set)
    """Services that extend what is not there: of what they lack nothing is told."""
    lookup: Lookup = lambda _: None
    """The variables of the whole."""
    _unset: set[str] = field(default_factory=set)
    _extended: dict[Path, Node | None] = field(default_factory=dict)

    def read(self, files: Sequence[Path], folder: Path | None = None, depth: int = 0) -> Node | None:
        """Files of which each goes over those before it, with what they include; None where none can be read.

        Args:
            files: at least one.
            folder: that paths are relative to; the first file's where unset.
            depth: of files that include each other.
        """
        base = folder or files[0].parent
        lookup = self._variables(base)
        if not depth:
            self.lookup = lookup
        trees = [tree for file in files if (tree := self._tree(file, base, lookup))]
        if not trees:
            return None
        root = reduce(merged_files, trees)
        root = self._with_included(root, files[0], depth)
        services = root.child("services")
        if services is None and not depth:
            self.problems.append(Problem(files[0], 1, "", "this is no Compose file: there are no services", _NO_FILE))
            return None
        return self._with_extended(root)

    def silent(self) -> ComposeFiles:
        """The same, to look at parts that are told of elsewhere."""
        return replace(self, problems=[], notes=[], inputs=[])

    def place(self, node: Node, text: str) -> Path:
        """The path that a text names at a node; relative ones begin at its file's folder."""
        return self.bases[node.file or Path()] / text

    def _variables(self, folder: Path) -> Lookup:
        """Those of `.env` in a folder, under those of this process."""
        file = folder / ".env"
        values: Mapping[str, str | None] = {}
        if file.is_file():
            self.inputs.append(file)
            found = read_variables(file.read_text(encoding="utf-8", errors="replace"), self.environ.get)
            self.problems += [Problem(file, wrong.line, "", wrong.message) for wrong in found.wrong]
            values = found.values
        return lambda name: self.environ.get(name, values.get(name))

    def _tree(self, file: Path, base: Path, lookup: Lookup) -> Node | None:
        """One file, with its variables replaced and its services canonical."""
        self.inputs.append(file)
        read = read_yaml(file, empty_hint=_NO_FILE)
        self.problems += read.problems
        if read.document is None:
            return None
        self.bases[file] = base
        root = without_extensions(read.document.root, kept=(EXTENSION,))
        root = self._interpolated(root, Document(file, root), (), lookup)
        services = root.child("services")
        if services is None or not isinstance(services.value, Mapping) or not isinstance(root.value, Mapping):
            return root
        made = {name: canonical(node) for name, node in services.value.items()}
        return replace(root, value={**root.value, "services": replace(services, value=made)})

    def _interpolated(self, node: Node, document: Document, path: KeyPath, lookup: Lookup) -> Node:
        """A value with its variables replaced, which knows its file."""
        file = document.file
        if isinstance(node.value, Mapping):
            entries = {k: self._interpolated(n, document, (*path, k), lookup) for k, n in node.value.items()}
            return replace(node, value=entries, file=file)
        if isinstance(node.value, list):
            items = [self._interpolated(n, document, (*path, i), lookup) for i, n in enumerate(node.value)]
            return replace(node, value=items, file=file)
        if not isinstance(node.value, str) or "$" not in node.value:
            return replace(node, file=file)

        def unset(name: str) -> None:
            if name not in self._unset:
                self._unset.add(name)
                instead = "it is empty; set it in .env beside the file, or in the environment"
                self.notes.append(Note.at(document, path, f"the variable {name} is not set", instead))

        try:
            text = interpolate(node.value, lookup, unset)
        except InterpolationError as error:
            self.problems.append(document.problem(path, str(error), "write $$ for a dollar sign, or set the variable"))
            text = PLACEHOLDER
        return replace(node, value=text, text=text, file=file)

    def _with_included(self, root: Node, file: Path, depth: int) -> Node:
        """The file with the services and all else of those that it includes."""
        include = root.child("include")
        if include is None or not isinstance(include.value, list) or not isinstance(root.value, Mapping):
            return root
        entries: dict[str, Node] = {key: node for key, node in root.value.items() if key != "include"}
        document = Document(file, root)
        for index, item in enumerate(include.value):
            at: KeyPath = ("include", index)
            if depth >= _DEEPEST:
                self.problems.append(document.problem(at, "files include each other", "take one of them out"))
                break
            files = list(self._included_files(item, document, at))
            folder = item.child("project_directory")
            base = self.place(item, str(folder.value)) if folder else None
            included = self.read(files, base, depth + 1) if files else None
            for key in SECTIONS if included else ():
                self._add_included(entries, key, included, document)
        return replace(root, value=entries)

    def _included_files(self, item: Node, document: Document, at: KeyPath) -> Iterator[Path]:
        path = item.child("path") if isinstance(item.value, Mapping) else item
        for node in path.value if path and isinstance(path.value, list) else [path]:
            found = self.look(node, str(node.value), document, at) if node else None
            if found:
                yield found

    def look(self, node: Node, text: str, document: Document, at: KeyPath) -> Path | None:
        """A file that is named at a node; None where there is none, which is told."""
        found = self.boundary.look(self.bases[node.file or document.file], text, "file")
        if isinstance(found, PathProblem):
            self.problems.append(document.problem(at, found.message, found.hint))
            return None
        return found

    def _add_included(self, entries: dict[str, Node], key: str, included: Node | None, document: Document) -> None:
        section = included.child(key) if included else None
        if section is None or not isinstance(section.value, Mapping):
            return
        own = entries.get(key) or replace(section, value={})
        values = dict(own.value) if isinstance(own.value, Mapping) else {}
        for name, node in section.value.items():
            if name in values and values[name] != node and key == "services":
                where = f"{(node.file or document.file).name}:{node.line}"
                message = f"{name} is in {where} too, which is included"
                self.problems.append(document.problem((key, name), message, "give one of the two another name"))
            values.setdefault(name, node)
        entries[key] = replace(own, value=values)

    def _with_extended(self, root: Node) -> Node:
        services = root.child("services")
        if services is None or not isinstance(services.value, Mapping) or not isinstance(root.value, Mapping):
            return root
        made = {name: self._extend(node, root, (name,)) for name, node in services.value.items()}
        return replace(root, value={**root.value, "services": replace(services, value=made)})

    def _extend(self, service: Node, root: Node, chain: tuple[str, ...]) -> Node:
        """The service over the one that it extends, and that over another."""
        extends = service.child("extends")
        if extends is None or not isinstance(service.value, Mapping):
            return service
        own = replace(service, value={key: node for key, node in service.value.items() if key != "extends"})
        document = Document(service.file or Path(), Node({"services": Node({chain[-1]: service}, 1, "services")}, 1))
        at: KeyPath = ("services", chain[-1], "extends")
        named, file = extends.child("service"), extends.child("file")
        tree: Node | None = root
        if file and isinstance(file.value, str):
            found = self.look(file, file.value, document, (*at, "file"))
            tree = self._other(found) if found else None
        self.broken.add(chain[-1])
        if tree is None or named is None:
            return own
        name, services = str(named.value), tree.child("services")
        base = services.child(name) if services else None
        if base is None:
            known = services.value if services and isinstance(services.value, Mapping) else {}
            message = f"there is no service {name} to extend"
            self.problems.append(document.problem((*at, "service"), message, name_hint(name, known, "services")))
            return own
        key = f"{file.value if file else ''}:{name}"
        if key in chain or len(chain) > _DEEPEST:
            self.problems.append(document.problem(at, "services extend each other", "take one extends out"))
            return own
        self.broken.discard(chain[-1])
        return merged_service(self._extend(base, tree, (*chain[:-1], key, chain[-1])), own)

    def _other(self, file: Path) -> Node | None:
        """A file that a service is extended from."""
        if file not in self._extended:
            self._extended[file] = self._tree(file, file.parent, self.lookup)
        return self._extended[file]
