"""Configs and secrets of Compose as files of a service: configs as they are, secrets by way of Secrets Manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devenv.spec.imports.compose.file.canonical import target_of
from devenv.spec.imports.compose.sheet import Sheet, node_of, text_of
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


def granted(sheet: Sheet) -> list[Granted]:
    """The configs and secrets of a service, each as a file."""
    found = []
    for section in _FOLDERS:
        for index, node in enumerate(sheet.items(section)):
            one = _granted(sheet, section, (section, index), node)
            if one:
                found.append(one)
    return found


def _granted(sheet: Sheet, section: str, at: KeyPath, node: Node) -> Granted | None:
    parts = node.value if isinstance(node.value, Mapping) else {}
    named = parts.get("source")
    name = text_of(named) if named else text_of(node)
    if any(key in parts for key in _RIGHTS):
        sheet.note(at, "uid, gid and mode are not carried over", "everybody in the container may read it")
    written = sheet.document.find((section, name))
    if written is None:
        known = sheet.document.find((section,))
        names = known.value if known and isinstance(known.value, Mapping) else {}
        sheet.problem(at, f"there is no {section[:-1]} {name} in the file", name_hint(name, names, section))
        return None
    target = target_of(node) if "target" in parts else name
    path = target if target.startswith("/") else f"{_FOLDERS[section]}/{target}"
    content = _content(sheet, section, name, written)
    if content is None:
        return None
    if section == "configs":
        return Granted(path, node_of(content, node))
    text = (
        content["text"] if isinstance(content, dict) else sheet.files.boundary.root.joinpath(content).read_text("utf-8")
    )
    secret = Secret(name=f"compose/{name}", value=text)
    document = Document(written.file or sheet.document.file, sheet.document.root)
    return Granted(path, node_of({"secret": secret.name}, node), StackSecret(secret, document, (section, name)))


def _content(sheet: Sheet, section: str, name: str, written: Node) -> Any:
    """What a config or secret holds: a path of the project, or `{text: …}`; None where that cannot be told."""
    if (file := written.child("file")) and file.value:
        return _of_file(sheet, (section, name, "file"), file)
    if (variable := written.child("environment")) and variable.value:
        value = sheet.files.lookup(text_of(variable))
        if value is None:
            message = f"the variable {text_of(variable)} is not set"
            _tell(
                sheet, (section, name, "environment"), message, "set it in .env beside the file, or in the environment"
            )
        return None if value is None else {"text": value}
    if (content := written.child("content")) and content.value is not None:
        return {"text": text_of(content)}
    message = f"the {section[:-1]} {name} is elsewhere, and its content is not known here"
    _tell(sheet, (section, name), message, "name a file of the project: file: PATH")
    return None


def _of_file(sheet: Sheet, at: KeyPath, file: Node) -> str | None:
    base = sheet.files.bases[file.file or sheet.document.file]
    found = sheet.files.boundary.look(base, text_of(file), "file")
    if isinstance(found, PathProblem):
        _tell(sheet, at, found.message, found.hint)
        return None
    sheet.files.inputs.append(found)
    try:
        found.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError):
        _tell(sheet, at, f"{text_of(file)} cannot be read as text", "name a file of text")
        return None
    return sheet.relative(found)


def _tell(sheet: Sheet, at: KeyPath, message: str, hint: str) -> None:
    sheet.files.problems.append(sheet.document.problem(at, message, hint))
