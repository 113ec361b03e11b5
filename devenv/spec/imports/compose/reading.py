"""A Compose file as services and databases of devenv.yaml: what is read, chosen, and handed to the translation.

Written by hand, because what reads Compose files elsewhere tells no lines: compose-pydantic and compose-spec give
models of a file alone (no variables, `include` or `extends`), podman-compose is a program of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from devenv.spec.imports.compose.databases import BuiltIn, built_in
from devenv.spec.imports.compose.draft import ServiceDraft, text_of
from devenv.spec.imports.compose.file.canonical import EXTENSION
from devenv.spec.imports.compose.file.files import ComposeFiles
from devenv.spec.imports.compose.file.shapes import ComposeFile
from devenv.spec.imports.compose.file_checks import check_file
from devenv.spec.imports.compose.parts.grants import granted
from devenv.spec.imports.compose.surroundings import surroundings_of
from devenv.spec.imports.compose.translation import translate
from devenv.spec.imports.import_spec import Import
from devenv.spec.imports.imported import Imported
from devenv.spec.project import ProjectSpec
from devenv.spec.read.places import Boundary, PathProblem
from devenv.spec.read.seed_files import StackSecret
from devenv.spec.read.validation import check
from devenv.spec.read.wording import name_hint
from devenv.spec.yaml.positions import Document, KeyPath, Node


@dataclass(frozen=True, slots=True)
class _Given:
    """An import with where it is written."""

    one: Import
    project: ProjectSpec
    document: Document
    at: KeyPath


def read_compose(one: Import, project: ProjectSpec, document: Document, at: KeyPath, boundary: Boundary) -> Imported:
    """What Compose files come to.

    Args:
        one: the import.
        project: as devenv.yaml has it.
        document: devenv.yaml's.
        at: where the import is written.
        boundary: the project's folder.
    """
    files = ComposeFiles(boundary, os.environ)
    paths = list(_paths(one, document, at, files))
    root = files.read(paths) if paths else None
    if root is None:
        return _imported(files, {}, {})
    extensions = {name: found for name, node in _services(root).items() if (found := node.child(EXTENSION))}
    checked = check(Document(paths[0], _without_extensions(root)), ComposeFile)
    files.problems += checked.problems
    if checked.model is None:
        return _imported(files, {}, {})
    given = _Given(one, project, document, at)
    drafts = {name: ServiceDraft(name, checked.document, files) for name in _chosen(checked.document, given, files)}
    databases: Mapping[str, BuiltIn] = built_in(drafts) if one.databases == "built-in" else {}
    others = frozenset({*project.services, *project.databases, *(choice.name for choice in project.stacks)})
    around = surroundings_of(drafts, databases, extensions, others, one)
    for name, draft in drafts.items():
        if name not in databases:
            translate(draft, around)
    check_file(checked.document, drafts, paths[0], files)
    services = {
        around.names[name]: Node(draft.made, draft.node.line, name, file=draft.node.file)
        for name, draft in drafts.items()
        if name not in databases
    }
    made = {around.names[name]: database.node(one.namespace) for name, database in databases.items()}
    secrets = [*around.secrets, *_secrets_of_those_left_out(checked.document, one, files)]
    return replace(_imported(files, services, made), secrets=tuple(secrets))


def _secrets_of_those_left_out(document: Document, one: Import, files: ComposeFiles) -> Iterator[StackSecret]:
    """What a stack that was ejected goes on to refer to; what is wrong with it is nobody's concern."""
    silent = files.silent()
    for name in one.without:
        if name in _services(document.root):
            yield from (grant.secret for grant in granted(ServiceDraft(name, document, silent)) if grant.secret)


def _imported(files: ComposeFiles, services: Mapping[str, Node], databases: Mapping[str, Node]) -> Imported:
    sections = {"services": services, "databases": databases}
    return Imported(sections, (), (), tuple(files.problems), tuple(files.notes), tuple(dict.fromkeys(files.inputs)))


def _paths(one: Import, document: Document, at: KeyPath, files: ComposeFiles) -> Iterator[Path]:
    several = isinstance(getattr(document.find((*at, "compose")), "value", None), list)
    for index, text in enumerate(one.compose or ()):
        found = files.boundary.look(document.file.parent, text, "file")
        if isinstance(found, PathProblem):
            place = (*at, "compose", index) if several else (*at, "compose")
            files.problems.append(document.problem(place, found.message, found.hint))
        else:
            yield found


def _services(root: Node) -> Mapping[str, Node]:
    services = root.child("services")
    return services.value if services and isinstance(services.value, Mapping) else {}


def _without_extensions(root: Node) -> Node:
    services = root.child("services")
    if services is None or not isinstance(services.value, Mapping) or not isinstance(root.value, Mapping):
        return root
    made = {
        name: replace(node, value={key: child for key, child in node.value.items() if key != EXTENSION})
        if isinstance(node.value, Mapping)
        else node
        for name, node in services.value.items()
    }
    return replace(root, value={**root.value, "services": replace(services, value=made)})


def _chosen(document: Document, given: _Given, files: ComposeFiles) -> list[str]:
    """The services that come: those of no profile or a chosen one, and not left out."""
    services, one = _services(document.root), given.one
    for index, name in enumerate(one.without):
        if name not in services:
            place: KeyPath = (*given.at, "without", index)
            hint = name_hint(name, services, "services")
            files.problems.append(given.document.problem(place, f"there is no service {name} in the file", hint))
    known = {text for node in services.values() for text in _profiles(node)}
    for index, profile in enumerate(one.profiles):
        if profile not in known:
            place = (*given.at, "profiles", index)
            hint = name_hint(profile, known, "profiles")
            files.problems.append(given.document.problem(place, f"no service is of the profile {profile}", hint))
    active = {*one.profiles, given.project.profile}
    return [
        name
        for name, node in services.items()
        if name not in one.without and (not _profiles(node) or active & set(_profiles(node)))
    ]


def _profiles(service: Node) -> list[str]:
    node = service.child("profiles")
    return [text_of(item) for item in node.value] if node and isinstance(node.value, list) else []
