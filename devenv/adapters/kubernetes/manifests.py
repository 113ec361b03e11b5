"""Kubernetes manifests as text: read from files, labelled, and put in an order that the API server takes.

Responsible for the documents only; they are sent by `kubectl`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from devenv.errors import Problem, SpecError
from devenv.labels import LABEL_STACK
from devenv.spec.yaml.loader import Loader
from devenv.spec.yaml.text import NotTextError, read_text

_DEFINITION = "CustomResourceDefinition"
_FIRST = (_DEFINITION, "Namespace")
"""Kinds that others depend on."""
_IMAGE = r"""(\bimage["']?[ \t]*:[ \t]+|"image":)(["']?){name}(?:[:@][\w.:@-]+)?\2(?=[\s,}}\]]|$)"""
_SUFFIXES = (".yaml", ".yml", ".json")


def read(path: Path, images: Iterable[tuple[str, str]] = ()) -> str:
    """A file's text, or that of all manifests in a folder, by name; raises SpecError when there are none.

    `images` are names of images, as kustomize's own `images` takes them, each with the reference that takes its place.
    """
    files = [path] if path.is_file() else sorted(p for p in path.glob("*") if p.suffix in _SUFFIXES)
    if not files:
        raise SpecError([Problem(path, 1, "", "there are no manifests here")])
    return with_images("\n---\n".join(map(_text, files)), images)


def with_images(text: str, images: Iterable[tuple[str, str]]) -> str:
    """Manifests with other images: the text stays as it is but for references after `image:`."""
    for name, reference in images:
        written = re.compile(_IMAGE.format(name=re.escape(name)))
        text = written.sub(partial(_with_reference, reference), text)
    return text


def _with_reference(reference: str, found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}{reference}{found[2]}"


def _text(file: Path) -> str:
    try:
        return read_text(file)
    except NotTextError as error:
        raise SpecError([Problem(file, error.line, "", error.message, error.hint)]) from error


def documents(text: str) -> list[dict[str, Any]]:
    """The objects of manifests, lists taken apart.

    Raises:
        SpecError: it is not YAML, or not made of objects.
    """
    objects = _parsed(text, Loader)
    if wrong := [item for item in objects if not isinstance(item, dict) or not item.get("kind")]:
        raise SpecError([Problem(Path("manifests"), 1, "", f"this is not an object: {str(wrong[0])[:80]}")])
    return objects


def outlines(text: str, namespace: str) -> list[dict[str, Any]]:
    """Kind and name of each object of manifests, and the namespace that it comes to where it names none.

    Raises:
        SpecError: it is not YAML.
    """
    # No scalar is read as anything but text: it must not matter here how Go reads values and how Python does.
    objects = _parsed(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    return [
        {**item, "metadata": {"name": metadata["name"], "namespace": metadata.get("namespace") or namespace}}
        for item in objects
        if isinstance(item, dict) and item.get("apiVersion") and item.get("kind")
        if "name" in (metadata := item.get("metadata") or {})
    ]


def dump(objects: Iterable[dict[str, Any]]) -> str:
    """Objects as manifests: a list in JSON, which is YAML too, and is written and read much faster; no text for none.

    Raises:
        SpecError: an object holds what the API server could not be sent: binary data, a set, itself, no number.
    """
    items = list(objects)
    try:
        return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, allow_nan=False) if items else ""
    except (TypeError, ValueError) as error:
        raise SpecError([Problem(Path("manifests"), 1, "", f"this cannot be JSON: {error}")]) from error


@dataclass(frozen=True, slots=True)
class Part:
    """Manifests that are applied together."""

    text: str
    defines: tuple[str, ...] = ()
    """Names of the kinds that they define."""


def parts(text: str, stack: str = "") -> list[Part]:
    """Manifests in the order that the API server takes: definitions of kinds and namespaces first, then the rest.

    Args:
        text: the manifests. It is read once, for definitions of kinds are megabytes.
        stack: the label devenv.io/stack of every object; empty for none.

    Raises:
        SpecError: it is not YAML, or not made of objects.
    """
    if not stack and _DEFINITION not in text:
        return [Part(text)]
    objects = documents(text)
    for item in objects if stack else ():
        metadata = item.setdefault("metadata", {})
        metadata["labels"] = {**(metadata.get("labels") or {}), LABEL_STACK: stack}
    defines = tuple(item["metadata"]["name"] for item in objects if item["kind"] == _DEFINITION)
    if not defines:
        return [Part(dump(objects))]
    first = [item for item in objects if item["kind"] in _FIRST]
    rest = [item for item in objects if item["kind"] not in _FIRST]
    return [Part(dump(first), defines), *([Part(dump(rest))] if rest else [])]


def _items(document: Any) -> list[Any]:
    if isinstance(document, dict) and str(document.get("kind", "")).endswith("List") and "items" in document:
        return list(document["items"])
    return [document]


def _parsed(text: str, loader: Any) -> list[Any]:
    """The documents of a text, lists taken apart."""
    try:
        found = [document for document in yaml.load_all(text, loader) if document is not None]
    except yaml.YAMLError as error:
        raise SpecError([Problem(Path("manifests"), 1, "", str(error).replace("\n", " "))]) from error
    return [item for document in found for item in _items(document)]
