"""Texts as they are written: Go reads `1.20`, `off` or `007` as text where a text is expected.

Responsible for one document and its model. Pure.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from devenv.spec.yaml.positions import Document, Node


def with_texts(document: Document, model: type[BaseModel]) -> Document:
    """The document, with the text of each scalar where the model expects one."""
    return replace(document, root=_of_model(document.root, model))


def _of_model(node: Node, model: type[BaseModel]) -> Node:
    if not isinstance(node.value, Mapping):
        return node
    kinds = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    return replace(node, value={key: _of(below, kinds.get(key, Any)) for key, below in node.value.items()})


def _of(node: Node, annotation: Any) -> Node:  # noqa: PLR0911 -- one per kind of annotation
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _of(node, arguments[0])
    if origin in (Union, types.UnionType):
        members = [member for member in arguments if member is not types.NoneType]
        return _of(node, members[0]) if len(members) == 1 and node.value is not None else node
    if origin is tuple and isinstance(node.value, list):
        return replace(node, value=[_of(item, arguments[0]) for item in node.value])
    if origin is dict and isinstance(node.value, Mapping):
        return replace(node, value={key: _of(below, arguments[1]) for key, below in node.value.items()})
    if annotation is str and isinstance(node.value, bool | int | float):
        return replace(node, value=node.text or str(node.value))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _of_model(node, annotation)
    return node
