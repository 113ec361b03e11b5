"""The variables of a service: those of `env_file`, and those of `environment` over them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from devenv.errors import Problem
from devenv.spec.imports.compose.draft import ServiceDraft, is_on, node_of, text_of
from devenv.spec.imports.compose.file.env_files import Variables, read_raw, read_variables
from devenv.spec.read.places import PathProblem
from devenv.spec.yaml.positions import KeyPath, Node


def variables_of(draft: ServiceDraft) -> dict[str, Node]:
    """Name to text, each with its place; a name without a value is passed on from `.env` or this process."""
    made: dict[str, Node] = {}
    for index, item in enumerate(draft.items("env_file")):
        made |= _of_file(draft, item, ("env_file", index))
    for name, node in draft.entries("environment").items():
        value = draft.files.lookup(name) if node.value is None else text_of(node)
        if value is not None:
            made[name] = node_of(value, node)
    return made


def _of_file(draft: ServiceDraft, item: Node, at: KeyPath) -> dict[str, Node]:
    path = item.child("path") or item
    required, form = item.child("required"), item.child("format")
    base = draft.place(item, "")
    found = draft.files.boundary.look(base, text_of(path), "file")
    if isinstance(found, PathProblem):
        if required is None or is_on(required):
            hint = found.hint or f"make it, or: env_file: [{{path: {text_of(path)}, required: false}}]"
            draft.problem(at, found.message, hint)
        return {}
    draft.files.inputs.append(found)
    text = found.read_text(encoding="utf-8", errors="replace")
    read = read_raw(text) if form and form.value == "raw" else read_variables(text, draft.files.lookup)
    return dict(_nodes(draft, found, read))


def _nodes(draft: ServiceDraft, file: Path, read: Variables) -> Iterator[tuple[str, Node]]:
    draft.files.problems += [Problem(file, wrong.line, "", wrong.message) for wrong in read.wrong]
    for name, value in read.values.items():
        text = draft.files.lookup(name) if value is None else value
        if text is not None:
            yield name, Node(text, 1, name, text, file=file)
