"""Reads stacks' folders: stack.yaml and the values per profile, each with its positions and problems.

Responsible for one folder at a time. What a stack says of others is checked in `devenv.spec.checks.references`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from devenv.errors import Problem
from devenv.spec.model import PROFILES, Values
from devenv.spec.read.discover import StackFolder
from devenv.spec.read.places import PathProblem, files_in
from devenv.spec.read.validation import check
from devenv.spec.read.wording import name_hint
from devenv.spec.render import merged
from devenv.spec.stack import StackSpec
from devenv.spec.yaml.positions import Document
from devenv.spec.yaml.reader import read_yaml

PLACEHOLDER = "devenv-placeholder"
"""Stands for required values that are missing while the rest of a wrong file is checked."""


@dataclass(frozen=True, slots=True)
class StackDraft:
    """One stack as far as it could be read."""

    folder: StackFolder
    spec: StackSpec | None
    """Complete when the folder has no problems."""
    document: Document | None
    profile_values: Mapping[str, Values]
    problems: tuple[Problem, ...]
    inputs: tuple[Path, ...]
    file_values: Values = field(default_factory=dict)
    """Content of `values_files`, each over those before it."""

    @property
    def name(self) -> str:
        """The folder's name, which counts when the specification says another."""
        return self.folder.name


def read_stack(folder: StackFolder, namespace_prefix: str, profiles: Mapping[str, str]) -> StackDraft:
    """Read one stack's folder; `namespace_prefix` and `profiles` are the project's."""
    base = folder.root.parent
    found = folder.boundary.look(base, f"{folder.name}/{folder.file.name}", "file")
    if isinstance(found, PathProblem):
        problem = Problem(folder.file, 1, "", found.message, found.hint)
        return StackDraft(folder, None, None, {}, (problem,), ())
    read = read_yaml(folder.file, empty_hint="a stack has at least name, layer, summary, namespace, version, sources")
    values, problems, inputs = _profile_values(folder, profiles)
    problems = [*read.problems, *problems]
    if read.document is None:
        return StackDraft(folder, None, None, values, tuple(problems), (folder.file, *inputs))
    checked = check(read.document, StackSpec, _defaults(folder))
    problems.extend(checked.problems)
    spec = checked.model.in_project(namespace_prefix) if checked.model else None
    given = FileValues({}, (), ())
    if spec:
        problems.extend(_mismatches(folder, spec, checked.document))
        given = read_values_files(folder, spec.values_files, checked.document)
        problems.extend(given.problems)
    read_files = (folder.file, *inputs, *given.files)
    return StackDraft(folder, spec, checked.document, values, tuple(problems), read_files, given.values)


@dataclass(frozen=True, slots=True)
class FileValues:
    """What files with values come to."""

    values: Values
    files: tuple[Path, ...]
    problems: tuple[Problem, ...]


def read_values_files(
    folder: StackFolder, paths: Iterable[str], document: Document, under: Mapping[str, Any] = MappingProxyType({})
) -> FileValues:
    """Read a stack's files with values, each over those before it.

    Args:
        folder: the stack's, which the paths are relative to.
        paths: the files.
        document: where they are named, as `values_files`.
        under: values that the first of them goes over.
    """
    values, files, problems = dict(under), list[Path](), list[Problem]()
    for index, path in enumerate(paths):
        found = folder.boundary.look(folder.root, path, "file")
        if isinstance(found, PathProblem):
            problems.append(document.problem(("values_files", index), found.message, found.hint))
            continue
        read = read_yaml(found, empty="")
        problems.extend(read.problems)
        files.append(found)
        if read.document:
            values = merged(values, read.document.data())
    return FileValues(values, tuple(files), tuple(problems))


def overridden(drafts: Iterable[StackDraft]) -> tuple[dict[str, StackDraft], list[Problem]]:
    """The stacks by name: the project's replace built-in ones; two of the same origin are a problem."""
    by_name: dict[str, StackDraft] = {}
    problems: list[Problem] = []
    for draft in drafts:
        known = by_name.get(draft.name)
        if known and known.folder.builtin == draft.folder.builtin:
            message = f"a stack named {draft.name} is in {_place(known)} too"
            problems.append(_at(draft, ("name",), message, "give one of the two another name"))
        by_name[draft.name] = draft
    return by_name, problems


def _place(draft: StackDraft) -> str:
    source = draft.folder.source
    return f"{draft.folder.root} (of {source})" if source else str(draft.folder.root)


def _at(draft: StackDraft, path: tuple[str | int, ...], message: str, hint: str = "") -> Problem:
    if draft.document:
        return draft.document.problem(path, message, hint)
    return Problem(draft.folder.file, 1, "", message, hint)


def _defaults(folder: StackFolder) -> dict[str, Any]:
    return {
        "name": folder.name,
        "layer": folder.layer,
        "summary": "",
        "namespace": PLACEHOLDER,
        "version": "0",
        "sources": [{"manifests": {"path": PLACEHOLDER}}],
    }


def _mismatches(folder: StackFolder, spec: StackSpec, document: Document) -> list[Problem]:
    problems: list[Problem] = []
    if spec.name != folder.name:
        message = f"the folder is named {folder.name}, the stack {spec.name}"
        problems.append(document.problem(("name",), message, f"write: name: {folder.name}"))
    if spec.layer != folder.layer:
        message = f"the folder is in layer {folder.layer}, the stack says {spec.layer}"
        problems.append(document.problem(("layer",), message, f"write: layer: {folder.layer}"))
    return problems


def _profile_values(
    folder: StackFolder, profiles: Mapping[str, str]
) -> tuple[dict[str, Values], list[Problem], list[Path]]:
    """By profile, those of the project's own over those of what each stands on."""
    known = [*PROFILES, *profiles]
    values: dict[str, Values] = {}
    problems: list[Problem] = []
    files = files_in(folder.root / "values", ".yaml", ".yml")
    for file in files:
        if file.stem not in known or file.suffix != ".yaml":
            hint = name_hint(file.name, [f"{profile}.yaml" for profile in known], "files here")
            problems.append(Problem(file, 1, "", "the file is named after no profile", hint))
            continue
        found = folder.boundary.look(folder.root, f"values/{file.name}", "file")
        if isinstance(found, PathProblem):
            problems.append(Problem(file, 1, "", found.message, found.hint))
            continue
        read = read_yaml(file, empty="")
        problems.extend(read.problems)
        if read.document:
            values[file.stem] = read.document.data()
    own = {name: merged(values.get(base, {}), values.get(name, {})) for name, base in profiles.items()}
    return {**values, **{name: found for name, found in own.items() if found}}, problems, files
