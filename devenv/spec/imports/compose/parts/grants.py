"""Configs and secrets of Compose as files of a service: configs as they are, secrets by way of Secrets Manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devenv.spec.imports.compose.draft import ServiceDraft, node_of, text_of
from devenv.spec.imports.compose.file.canonical import target_of
from devenv.spec.read.places import PathProblem
from devenv.spec.read.seed_files import StackSecret
from devenv.spec.read.wording import name_hint
from devenv.spec.seeds import Secret
from devenv.spec.yaml.positions import Document, KeyPath, Node

_FOLDERS = {"configs": "", "secrets": "/run/secrets"}
_RIGHTS = ("uid", "gid", "mode")


@dataclass(frozen=True, slots=True)
class Granted:
    """A file that a service is given."""

    path: str
    """In the container."""
    source: Node
    """As devenv.yaml has it."""
    secret: StackSecret | None = None


def granted(draft: ServiceDraft) -> list[Granted]:
    """The configs and secrets of a service, each as a file."""
    found = []
    for section in _FOLDERS:
        for index, node in enumerate(draft.items(section)):
            one = _granted(draft, section, (section, index), node)
            if one:
                found.append(one)
    return found


def _granted(draft: ServiceDraft, section: str, at: KeyPath, node: Node) -> Granted | None:
    parts = node.value if isinstance(node.value, Mapping) else {}
    named = parts.get("source")
    name = text_of(named) if named else text_of(node)
    if any(key in parts for key in _RIGHTS):
        draft.note(at, "uid, gid and mode are not carried over", "everybody in the container may read it")
    written = draft.document.find((section, name))
    if written is None:
        known = draft.document.find((section,))
        names = known.value if known and isinstance(known.value, Mapping) else {}
        draft.problem(at, f"there is no {section[:-1]} {name} in the file", name_hint(name, names, section))
        return None
    target = target_of(node) if "target" in parts else name
    path = target if target.startswith("/") else f"{_FOLDERS[section]}/{target}"
    content = _content(draft, section, name, written)
    if content is None:
        return None
    if section == "configs":
        return Granted(path, node_of(content, node))
    text = (
        content["text"] if isinstance(content, dict) else draft.files.boundary.root.joinpath(content).read_text("utf-8")
    )
    secret = Secret(name=f"compose/{name}", value=text)
    document = Document(written.file or draft.document.file, draft.document.root)
    return Granted(path, node_of({"secret": secret.name}, node), StackSecret(secret, document, (section, name)))


def _content(draft: ServiceDraft, section: str, name: str, written: Node) -> Any:
    """What a config or secret holds: a path of the project, or `{text: …}`; None where that cannot be told."""
    if (file := written.child("file")) and file.value:
        return _of_file(draft, (section, name, "file"), file)
    if (variable := written.child("environment")) and variable.value:
        value = draft.files.lookup(text_of(variable))
        if value is None:
            message = f"the variable {text_of(variable)} is not set"
            _tell(
                draft, (section, name, "environment"), message, "set it in .env beside the file, or in the environment"
            )
        return None if value is None else {"text": value}
    if (content := written.child("content")) and content.value is not None:
        return {"text": text_of(content)}
    message = f"the {section[:-1]} {name} is elsewhere, and its content is not known here"
    _tell(draft, (section, name), message, "name a file of the project: file: PATH")
    return None


def _of_file(draft: ServiceDraft, at: KeyPath, file: Node) -> str | None:
    base = draft.files.bases[file.file or draft.document.file]
    found = draft.files.boundary.look(base, text_of(file), "file")
    if isinstance(found, PathProblem):
        _tell(draft, at, found.message, found.hint)
        return None
    draft.files.inputs.append(found)
    try:
        found.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError):
        _tell(draft, at, f"{text_of(file)} cannot be read as text", "name a file of text")
        return None
    return draft.relative(found)


def _tell(draft: ServiceDraft, at: KeyPath, message: str, hint: str) -> None:
    draft.files.problems.append(draft.document.problem(at, message, hint))
