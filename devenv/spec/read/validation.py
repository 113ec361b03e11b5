"""One document against one model: the model, or every problem and as much of the model as can be saved.

What is saved serves checks across files only, so that a file with one wrong key still reports its other
mistakes in the same run. It is never handed out as a specification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from devenv.errors import Problem
from devenv.spec.read.wording import complaint_path, problems_of
from devenv.spec.yaml.positions import Document, KeyPath, Node, plain_node

M = TypeVar("M", bound=BaseModel)

_ROUNDS = 8
"""Leaving out a value may make its parent wrong, and so on upwards; specifications are not nested deeper."""


@dataclass(frozen=True, slots=True)
class Checked(Generic[M]):
    """A document's model with the document its positions come from."""

    model: M | None
    """Complete when there are no problems; else what could be saved, None when nothing could."""
    document: Document
    problems: tuple[Problem, ...] = ()


def check(document: Document, model: type[M], defaults: Mapping[str, Any] | None = None) -> Checked[M]:
    """Validate a document.

    Args:
        document: what was read.
        model: what it has to be.
        defaults: values for required keys that are missing, used in what is saved of a wrong document only.
    """
    try:
        return Checked(model.model_validate(document.data()), document)
    except ValidationError as error:
        problems = tuple(problems_of(document, model, error))
        saved, rest = _save(document, model, error, dict(defaults or {}))
        return Checked(saved, rest, problems)


def _save(
    document: Document, model: type[M], error: ValidationError, defaults: dict[str, Any]
) -> tuple[M | None, Document]:
    for _ in range(_ROUNDS):
        dropped: set[KeyPath] = set()
        for complaint in error.errors(include_url=False):
            path = complaint_path(document, complaint)
            if complaint["type"] != "missing":
                dropped.add(path)
            elif len(path) > 1:
                dropped.add(path[:-1])
            elif path[0] in defaults:
                document = _with_default(document, str(path[0]), defaults[str(path[0])])
            else:
                return None, document
        if () in dropped:
            return None, document
        document = document.without(dropped)
        try:
            return model.model_validate(document.data()), document
        except ValidationError as next_error:
            error = next_error
    return None, document


def _with_default(document: Document, key: str, value: Any) -> Document:
    entries = document.root.value
    if not isinstance(entries, Mapping):
        return document
    node: Node = plain_node(value, 1, key)
    return replace(document, root=replace(document.root, value={**entries, key: node}))
