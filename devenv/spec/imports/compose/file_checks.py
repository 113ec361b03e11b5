"""What is wrong with a Compose file as a whole, and what it says beside its services."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.imports.compose.draft import ServiceDraft
from devenv.spec.imports.compose.file.files import ComposeFiles
from devenv.spec.imports.compose.file.shapes import NOT_CARRIED
from devenv.spec.imports.compose.parts.names import service_name
from devenv.spec.imports.compose.parts.ports import published_ports
from devenv.spec.imports.note import Note
from devenv.spec.yaml.positions import Document


def check_file(document: Document, drafts: Mapping[str, ServiceDraft], file: Path, files: ComposeFiles) -> None:
    """Tell of ports and names that are there twice, and of what the file says beside its services.

    Args:
        document: of all files.
        drafts: of the services that come.
        file: the first of the files.
        files: takes what is told.
    """
    if not drafts:
        files.problems.append(_nothing(document))
    _ports_twice(drafts)
    _names_twice(drafts)
    for key, instead in (("name", "devenv.yaml says how the project is called"), ("models", "no model is run")):
        if (node := document.find((key,))) and node.value:
            files.notes.append(Note.at(document, (key,), f"{key} is not carried over", instead))
    override = file.with_name(f"{file.stem}.override{file.suffix}")
    if override.is_file() and override not in files.inputs:
        instead = f"to have it too: compose: [{file.name}, {override.name}]"
        files.notes.append(Note(file, 1, "", f"{override.name} is not read", instead))
    _elsewhere(document, files)


def _nothing(document: Document) -> Problem:
    services = document.find(("services",))
    if services is None or not services.value:
        return document.problem(("services",), "there is no service", "add one: api: {build: .}")
    message = "no service comes of it: each is of a profile that is not chosen, or left out"
    return document.problem(("services",), message, "choose a profile: imports: {profiles: […]}")


def _ports_twice(drafts: Mapping[str, ServiceDraft]) -> None:
    taken: dict[tuple[int, str], ServiceDraft] = {}
    for draft in drafts.values():
        for port in published_ports(draft, tell=False):
            first = taken.setdefault((port.host, port.protocol), draft) if port.host else draft
            if first is not draft:
                message = f"{first.name} (line {first.node.line}) publishes {port.host} too"
                draft.problem(("ports", port.index), message, "publish another port, or leave one of the two out")


def _names_twice(drafts: Mapping[str, ServiceDraft]) -> None:
    here: dict[str, ServiceDraft] = {}
    for draft in drafts.values():
        name = service_name(draft.name)
        first = here.setdefault(name, draft)
        if first is not draft:
            draft.problem((), f"{first.name} and {draft.name} are both {name} here", "give one of the two another name")


def _elsewhere(document: Document, files: ComposeFiles) -> None:
    """Volumes and networks that are made by somebody else, or by another driver."""
    for section, instead in (("volumes", "it is made in the cluster"), ("networks", NOT_CARRIED["networks"])):
        node = document.find((section,))
        for name, one in node.value.items() if node and isinstance(node.value, Mapping) else ():
            for key in ("external", "driver", "driver_opts"):
                child = one.child(key)
                if child and child.value not in (None, False, "local", "bridge"):
                    files.notes.append(Note.at(document, (section, name, key), f"{key} is not carried over", instead))
