"""Reads the imports of a project and puts what they come to beside what devenv.yaml says itself.

Responsible for the order, and for names that are there twice. What a tool's file comes to is the concern of the folder
for it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.imports.import_spec import Import
from devenv.spec.imports.imported import SECTIONS, Imported
from devenv.spec.project import ProjectSpec
from devenv.spec.read.drafts import PLACEHOLDER
from devenv.spec.read.places import Boundary
from devenv.spec.read.validation import check
from devenv.spec.yaml.positions import Document, KeyPath, Node


@dataclass(frozen=True, slots=True)
class _Around:
    """What imports may refer to."""

    boundary: Boundary
    catalogue: Collection[str]
    """Names of images that devenv ships."""


@dataclass(frozen=True, slots=True)
class WithImports:
    """A project with what its imports come to."""

    project: ProjectSpec | None = None
    document: Document | None = None
    """Of devenv.yaml, with the entries of imports in it."""
    imported: Imported = field(default_factory=Imported)
    """Without the entries that are wrong, or called like others."""

    @property
    def files(self) -> dict[str, Path]:
        """Services, databases and stacks of imports, each with the file that it is written in."""
        entries = {
            name: node.file
            for key in ("services", "databases")
            for name, node in self.imported.sections.get(key, {}).items()
            if node.file
        }
        stacks = {draft.name: draft.document.file for draft in self.imported.stacks if draft.document}
        return entries | stacks


def read_imports(
    project: ProjectSpec,
    document: Document,
    boundary: Boundary,
    problems: list[Problem],
    catalogue: Collection[str] = (),
) -> WithImports:
    """The project with its imports.

    Args:
        project: as devenv.yaml says it.
        document: devenv.yaml's.
        boundary: the project's folder.
        problems: takes what is wrong with the imports.
        catalogue: names of images that devenv ships.
    """
    if not project.imports:
        return WithImports(project, document)
    found = [
        _read(one, document, _place(document, index), project, _Around(boundary, catalogue))
        for index, one in _imports(project)
    ]
    sections: dict[str, dict[str, Node]] = {}
    for imported in found:
        problems.extend(imported.problems)
        for key in SECTIONS:
            for name, node in imported.sections.get(key, {}).items():
                problems.extend(_add(sections.setdefault(key, {}), key, name, node, document))
    parts, sound, wrong = _checked(document, project, sections)
    problems.extend(wrong)
    whole = Imported(
        sound,
        tuple(draft for one in found for draft in one.stacks),
        tuple(secret for one in found for secret in one.secrets),
        (),
        tuple(note for one in found for note in one.notes),
        tuple(path for one in found for path in one.inputs),
    )
    merged = {key: {**getattr(project, key), **getattr(parts, key)} for key in SECTIONS} if parts else {}
    return WithImports(project.model_copy(update=merged), _grafted(document, sound), whole)


def _imports(project: ProjectSpec) -> Iterator[tuple[int, Import]]:
    return enumerate(project.imports)


def _place(document: Document, index: int) -> KeyPath:
    """Where an import is written: one alone may stand without a list."""
    node = document.find(("imports",))
    return ("imports", index) if node and isinstance(node.value, list) else ("imports",)


def _read(one: Import, document: Document, at: KeyPath, project: ProjectSpec, around: _Around) -> Imported:
    # Most projects have none, and every command would load what reads them.
    if one.skaffold is not None:
        from devenv.spec.imports.skaffold.reading import read_skaffold  # noqa: PLC0415

        return read_skaffold(
            one, document, at, project, boundary=around.boundary, environ=os.environ, catalogue=around.catalogue
        )
    from devenv.spec.imports.compose.reading import read_compose  # noqa: PLC0415

    return read_compose(one, project, document, at, around.boundary)


def _add(section: dict[str, Node], key: str, name: str, node: Node, document: Document) -> Iterator[Problem]:
    """Add an entry, unless devenv.yaml or an import before has one of the name."""
    kinds = ("services", "databases") if key in ("services", "databases") else (key,)
    there = next((each for kind in kinds if (each := document.find((kind, name)))), None) or section.get(name)
    if there is None:
        section[name] = node
    else:
        where = f"{(there.file or document.file).name}:{there.line}"
        message = f"{name} is there already, in {where}"
        label = node.label if isinstance(node.label, str) else name
        yield Problem(
            node.file or document.file, node.line, f"{key}.{label}", message, f"leave one out: without: [{name}]"
        )


def _checked(
    document: Document, project: ProjectSpec, sections: Mapping[str, Mapping[str, Node]]
) -> tuple[ProjectSpec | None, dict[str, dict[str, Node]], tuple[Problem, ...]]:
    """What the entries of imports come to, those that are right, and what is wrong with the others."""
    alone = Document(document.file, Node({"project": Node(project.project, 1, "project")}, 1))
    checked = check(_grafted(alone, sections), ProjectSpec, {"project": PLACEHOLDER})
    kept = {
        key: {name: node for name, node in entries.items() if checked.document.find((key, name))}
        for key, entries in sections.items()
    }
    return checked.model, kept, checked.problems


def _grafted(document: Document, sections: Mapping[str, Mapping[str, Node]]) -> Document:
    """The document with further entries."""
    root = document.root.value
    entries = dict(root) if isinstance(root, Mapping) else {}
    for key, added in sections.items():
        if not added:
            continue
        own = entries.get(key) or Node({}, next(iter(added.values())).line, key)
        values = own.value if isinstance(own.value, Mapping) else {}
        entries[key] = replace(own, value={**values, **added})
    return replace(document, root=replace(document.root, value=entries))
