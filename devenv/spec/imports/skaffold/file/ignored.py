"""What is known of Skaffold and not carried over: said beside the key in the model, and told where a file has it.

Responsible for finding such keys in a document. What happens instead is written in `config`.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from devenv.errors import Problem
from devenv.spec.imports.note import Note
from devenv.spec.yaml.positions import Document, KeyPath, Node

_NOTHING: tuple[Any, ...] = (None, "", [], {}, False)


@dataclass(frozen=True, slots=True)
class Ignored:
    """A key that is not carried over."""

    instead: str
    """What happens instead, or what to write."""
    message: str = "not carried over"
    unless: tuple[Any, ...] = _NOTHING
    """Values that ask for nothing."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A key without which nothing useful is left."""

    message: str
    hint: str


Remark = tuple[KeyPath, Ignored | Refused]


def remarks(document: Document, model: type[BaseModel]) -> Iterator[Remark]:
    """Each key of a document of which the model has something to say, with its place."""
    yield from _of_model(document.root, model, ())


def split(document: Document, found: Iterator[Remark]) -> tuple[list[Note], list[Problem]]:
    """Remarks as notes and problems."""
    notes, problems = list[Note](), list[Problem]()
    for path, said in found:
        if isinstance(said, Ignored):
            notes.append(Note.at(document, path, said.message, said.instead))
        else:
            problems.append(document.problem(path, said.message, said.hint))
    return notes, problems


def _of_model(node: Node, model: type[BaseModel], at: KeyPath) -> Iterator[Remark]:
    if not isinstance(node.value, Mapping):
        return
    for name, field in model.model_fields.items():
        key = field.alias or name
        below = node.value.get(key)
        if below is None:
            continue
        for said in field.metadata:
            if isinstance(said, Refused) or (isinstance(said, Ignored) and below.data() not in said.unless):
                yield (*at, key), said
        yield from _of_annotation(below, field.annotation, (*at, key))


def _of_annotation(node: Node, annotation: Any, at: KeyPath) -> Iterator[Remark]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _of_annotation(node, arguments[0], at)
    elif origin in (Union, types.UnionType):
        for member in arguments:
            yield from _of_annotation(node, member, at)
    elif origin is tuple and isinstance(node.value, list):
        for index, item in enumerate(node.value):
            yield from _of_annotation(item, arguments[0], (*at, index))
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _of_model(node, annotation, at)
